"""Start: what an init adds before the program runs, and until it has passed on its first signal."""

import json
import statistics
from pathlib import Path

from .container import Container
from .contenders import needs
from .rows import Row, part


def hyperfine(bench, commands: dict[str, list[str]], runs: int) -> dict[str, list[float]]:
    """Every command so many times, one after the other; the times in microseconds."""
    file = bench.work / "hyperfine.json"
    words = [bench.hyperfine, "-N", "--style=none", f"--runs={runs}", "--warmup=1"]
    words += [f"--export-json={file}", *(" ".join(command) for command in commands.values())]
    bench.run(*words)
    results = json.loads(file.read_text())["results"]
    return {id: [t * 1e6 for t in it["times"]] for id, it in zip(commands, results, strict=True)}


def measure_added(bench, row, program, bare=None, enter=False) -> None:
    """What each adds to the time that the bare program takes. A round is so short that what else the
    machine does hits all alike; of each round the medians are compared, and many rounds are made."""
    runs = 5 if bench.quick else 10
    before = [str(bench.probe), "enter"] if enter else []
    commands = {}
    for contender in bench.contenders:
        options = [] if enter else contender.subreaper
        words = bare if bare and contender.file is None else program
        commands[contender.id] = before + contender.command(*words, options=options)
    for _ in bench.rounds(120, quick=3):
        times = hyperfine(bench, commands, runs)
        floor = statistics.median(times["bare"])
        for contender in bench.contenders:
            median = statistics.median(times[contender.id])
            row.add(contender, median - (floor if contender.file else 0))


@part(
    "start",
    Row(
        "start",
        "time added",
        "µs",
        "hyperfine -N: `init probe true` less `probe true` of the same round; bare: all of it",
    ),
)
def added(bench, rows):
    bench.hyperfine = needs("hyperfine", "hyperfine")
    measure_added(bench, rows["start"], [bench.probe, "true"])


@part(
    "start",
    Row(
        "start-pid-1",
        "time added as PID 1",
        "µs",
        "the same in a new PID namespace, which is made anew for each, for the bare program too",
    ),
)
def added_as_pid_1(bench, rows):
    bench.hyperfine = needs("hyperfine", "hyperfine")
    measure_added(bench, rows["start-pid-1"], [bench.probe, "true"], enter=True)


@part(
    "start",
    Row(
        "first-signal",
        "to the first signal passed on",
        "µs",
        "hyperfine -N: the program asks its init for a signal at once and ends when it has come;"
        " less the same of a program that asks itself",
    ),
)
def first_signal(bench, rows):
    bench.hyperfine = needs("hyperfine", "hyperfine")
    asks_itself = [bench.probe, "first", "SELF"]
    measure_added(bench, rows["first-signal"], [bench.probe, "first", "PARENT"], asks_itself)


def is_call(line: str) -> bool:
    return not line.startswith(("---", "+++"))


def trace(bench, contender, enter=False) -> dict[str, list[str]]:
    """The system calls of every process while it runs a program that ends at once, by pid."""
    folder = bench.fresh_folder("strace")
    bench.run(
        needs("strace", "strace"), "-ff", "-o", folder / "of",
        *contender.command(bench.probe, "true", options=contender.subreaper),
    )
    files = sorted(folder.iterdir(), key=lambda file: int(file.suffix[1:]))
    return {it.suffix[1:]: [x for x in it.read_text().splitlines() if is_call(x)] for it in files}


def until_program(calls: dict[str, list[str]], probe: Path) -> int:
    """How many of them are made until the program runs, its exec included and that of the init not:
    the init's until the child is born, and the child's."""
    starts = f'execve("{probe}"'
    for pid, lines in calls.items():
        for at, line in enumerate(lines):
            if line.startswith(starts) and line.endswith("= 0"):
                before = at + 1
                break
        else:
            continue
        for other, others in calls.items():
            births = [i for i, it in enumerate(others) if it.endswith(f"= {pid}") and "wait" not in it]
            if other != pid and births:
                # Its own exec does not count.
                return before + births[0]
        return before
    raise AssertionError("the program was never executed")


@part(
    "start",
    Row(
        "calls-start",
        "system calls until it runs",
        "",
        "strace -ff: of the init until the child is born, and of the child including its exec",
        exact=True,
        floor="least",
    ),
    Row(
        "calls-all",
        "system calls of the init in all",
        "",
        "strace -ff: of the init alone for a program that ends at once, its exec and exit included",
        exact=True,
    ),
)
def calls(bench, rows):
    needs("strace", "strace")
    for _ in bench.rounds(3, quick=2):
        for contender in bench.contenders:
            seen = trace(bench, contender)
            rows["calls-start"].add(contender, until_program(seen, bench.probe))
            if contender.file:
                rows["calls-all"].add(contender, len(next(iter(seen.values()))))


def faults(pid: int) -> int:
    """Page faults of a process, minor and major: proc(5), after the name, which may hold anything."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[7]) + int(words[9])


@part(
    "start",
    Row(
        "faults",
        "page faults added",
        "",
        "/proc/PID/stat of init and program, the init idle, less those of the bare program",
    ),
)
def page_faults(bench, rows):
    bare = next(it for it in bench.contenders if it.file is None)
    for _ in bench.rounds(15, quick=3):
        with Container(bench, bare, bench.probe, "hold") as container:
            floor = faults(container.program)
        for contender in bench.inits:
            with Container(bench, contender, bench.probe, "hold") as container:
                container.settle()
                added = faults(container.init) + faults(container.program) - floor
                rows["faults"].add(contender, added)
