"""Stop: from SIGTERM to the container's end, and who could save what."""

import signal
from concurrent.futures import ThreadPoolExecutor

from .container import Container
from .rows import Row, part

#: After how long docker and podman kill, in seconds.
ENGINE = 10
FASTER = "who loses data is faster"


@part(
    "stop",
    Row(
        "stop",
        "well-behaved program",
        "ms",
        "from SIGTERM to the init until its end; the program ends at once",
        floor="bare",
    ),
)
def well_behaved(bench, rows):
    for _ in bench.rounds(60, quick=3):
        for contender in bench.contenders:
            with Container(bench, contender, bench.probe, "hold") as container:
                container.settle()
                rows["stop"].add(contender, container.stop(signal.SIGTERM, ENGINE) * 1000)


def saved(folder) -> int:
    return len(list(folder.iterdir()))


def stop_and_count(bench, contender, scene, engine, ready):
    """Stops a container in which two processes save a file each on SIGTERM; milliseconds, and how
    many of them did."""
    folder = bench.fresh_folder(f"saved-{contender.id}")
    program = ["/bin/sh", "-c", scene, bench.probe, folder]
    with Container(bench, contender, *program, ready=ready) as container:
        took = container.stop(signal.SIGTERM, engine) * 1000
    return took, saved(folder)


def all_at_once(bench, measure) -> None:
    """They mostly wait; so all may do it at the same time."""
    with ThreadPoolExecutor(len(bench.contenders)) as pool:
        list(pool.map(measure, bench.contenders))


@part(
    "stop",
    Row(
        "pipeline",
        "shell pipeline",
        "ms",
        "`sh -c 'one | two'`, both of which save a file on SIGTERM; the engine kills after 10 s",
        floor=None,
        unjudged=FASTER,
    ),
    Row(
        "pipeline-saved",
        "... members that could save",
        "of 2",
        "whose file was there afterwards",
        more=True,
        exact=True,
        floor=None,
    ),
)
def pipeline(bench, rows):
    # Both say `ready` to stdout; what the first says does not go through the pipe.
    scene = 'exec 3>&1; "$0" save "$1/one" 0 >&3 | "$0" save "$1/two" 0'
    engine = 2 if bench.quick else ENGINE

    def measure(contender):
        took, count = stop_and_count(bench, contender, scene, engine, 2)
        rows["pipeline"].add(contender, took)
        rows["pipeline-saved"].add(contender, count)

    for _ in bench.rounds(3, quick=1):
        all_at_once(bench, measure)


@part(
    "stop",
    Row(
        "sibling",
        "sibling that needs 1 s to save",
        "ms",
        "the program ends at once on SIGTERM, the process beside it has to save: whose container"
        " ends early has lost it",
        floor=None,
        unjudged=FASTER,
    ),
    Row(
        "sibling-saved",
        "... could save",
        "of 1",
        "whether its file was there afterwards",
        more=True,
        exact=True,
        floor=None,
    ),
)
def sibling(bench, rows):
    scene = '"$0" save "$1/sibling" 1000 & exec "$0" hold'

    def measure(contender):
        took, count = stop_and_count(bench, contender, scene, ENGINE, 2)
        rows["sibling"].add(contender, took)
        rows["sibling-saved"].add(contender, count)

    for _ in bench.rounds(5, quick=1):
        all_at_once(bench, measure)


@part(
    "stop",
    Row(
        "deaf",
        "program that ignores SIGTERM",
        "ms",
        "the engine kills after 10 s",
        floor="bare",
        unjudged="no init can change it",
    ),
)
def deaf(bench, rows):
    engine = 1 if bench.quick else ENGINE

    def measure(contender):
        with Container(bench, contender, bench.probe, "deaf") as container:
            rows["deaf"].add(contender, container.stop(signal.SIGTERM, engine) * 1000)

    all_at_once(bench, measure)
