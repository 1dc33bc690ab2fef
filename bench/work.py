"""Work: orphans reaped and signals passed on, in peace and under a fork storm."""

import statistics
from contextlib import ExitStack

from .container import Container, cpu_time, smaps
from .rows import Row, part


def all_running(bench, stack, *program) -> dict:
    """A container of each init, all at once, so that they can be measured in turn."""
    return {it: stack.enter_context(Container(bench, it, *program)) for it in bench.inits}


def add_growth(row, container, before: int) -> None:
    """What it has now and had not before; less of it is the kernel's doing, which reclaims."""
    grown = smaps(container.init, "Private_Dirty") - before
    row.add(container.contender, max(0, grown))


@part(
    "work",
    Row(
        "reap-rate",
        "orphans reaped",
        "/s",
        "100,000, 1,000 at a time that are all dead when the init comes to them: it is stopped before,"
        " and the time is from SIGCONT until the last is reaped",
        more=True,
    ),
    Row("reap-cpu", "CPU time per orphan", "ns", "the scheduler's account of the init, same orphans"),
    Row(
        "reap-growth",
        "memory grown by 100,000 orphans",
        "B",
        "private dirty memory after all of them less that after the first of them",
    ),
)
def reap(bench, rows):
    count = 1000
    with ExitStack() as stack:
        containers = all_running(bench, stack, bench.probe, "orphans")
        before = {}
        for _ in bench.rounds(100, quick=4):
            for it in map(containers.get, bench.inits):
                used, took = reap_once(it, count)
                rows["reap-cpu"].add(it.contender, used / count)
                rows["reap-rate"].add(it.contender, count * 1e9 / took)
                before.setdefault(it, smaps(it.init, "Private_Dirty"))
        for it in containers.values():
            add_growth(rows["reap-growth"], it, before[it])


def reap_once(container, count: int) -> tuple[int, int]:
    """So many orphans; the CPU time and the time that it took, in nanoseconds."""
    container.settle()
    container.freeze()
    used = cpu_time(container.init)
    said = container.tell(str(count))
    assert said == "left", said
    start = container.thaw()
    took = int(container.line()) - start
    container.settle()
    return cpu_time(container.init) - used, took


@part(
    "work",
    Row(
        "reap-single",
        "CPU time per single orphan",
        "ns",
        "the same with orphans that come one by one, each after the last was reaped",
    ),
)
def reap_single(bench, rows):
    count = 200 if bench.quick else 1000
    with ExitStack() as stack:
        containers = all_running(bench, stack, bench.probe, "singles")
        for _ in bench.rounds(15, quick=2):
            for it in map(containers.get, bench.inits):
                used = cpu_time(it.init)
                it.tell(str(count))
                it.settle()
                rows["reap-single"].add(it.contender, (cpu_time(it.init) - used) / count)


class Asked:
    """A container whose program answers signals, and the file through which it does."""

    def __init__(self, bench, stack, contender, storms=0):
        self.bench, self.contender = bench, contender
        self.file = bench.fresh_folder("answers") / contender.id
        self.container = stack.enter_context(
            Container(bench, contender, bench.probe, "answer", self.file, storms)
        )

    def ask(self, count: int) -> list[float]:
        """Signals one by one; how long each took to reach the program, in microseconds."""
        words = [self.bench.probe, "ask", self.file, self.container.init, count]
        return [int(it) / 1000 for it in self.bench.run(*words).split()]

    def flood(self, count: int) -> float:
        """Many signals at once, to the init while it is stopped; how many it passed on a second."""
        words = [self.bench.probe, "flood", self.file, self.container.init, count]
        return count * 1e9 / int(self.bench.run(*words))

    def orphans(self) -> int:
        """How many the storm has made so far."""
        with open(self.file, "rb") as shared:
            shared.seek(16)
            return int.from_bytes(shared.read(8), "little")


def percentile_99(samples: list[float]) -> float:
    return statistics.quantiles(samples, n=100, method="inclusive")[98]


def add_latencies(row, row_99, taken: dict) -> None:
    """One round, by contender. The floor is the same signal sent to the program itself."""
    (bare,) = (it for it in taken if it.file is None)
    floor, floor_99 = statistics.median(taken[bare]), percentile_99(taken[bare])
    for it, times in taken.items():
        row.add(it, statistics.median(times) - (floor if it.file else 0))
        row_99.add(it, percentile_99(times) - (floor_99 if it.file else 0))


@part(
    "work",
    Row(
        "signal-rate",
        "signals passed on",
        "/s",
        "1,000 that are all queued when the init comes to them: it is stopped before, and the time is"
        " from SIGCONT until the program, which does not sleep meanwhile, has the last",
        more=True,
    ),
    Row(
        "signal-median",
        "latency added, median",
        "µs",
        "from kill(2) until the program has it, one signal at a time, all asleep before; less the same"
        " without an init; bare: all of it",
    ),
    Row("signal-99", "latency added, p99", "µs", "of the same signals, less the p99 without an init"),
    Row("signal-cpu", "CPU time per signal", "ns", "the scheduler's account of the init"),
    Row(
        "signal-growth",
        "memory grown by all signals",
        "B",
        "private dirty memory after all of them less that after the first round",
    ),
)
def signals(bench, rows):
    count = 200 if bench.quick else 1000
    with ExitStack() as stack:
        asked = {it: Asked(bench, stack, it) for it in bench.contenders}
        before = {}
        for _ in bench.rounds(20, quick=2):
            taken = {it: asked[it].ask(count) for it in bench.contenders}
            add_latencies(rows["signal-median"], rows["signal-99"], taken)
            for it in bench.contenders:
                flood(rows, asked[it])
            for it in bench.inits:
                before.setdefault(it, smaps(asked[it].container.init, "Private_Dirty"))
        for it in bench.inits:
            add_growth(rows["signal-growth"], asked[it].container, before[it])


def flood(rows, asked: Asked) -> None:
    """One round of many signals at once."""
    pid, contender = asked.container.init, asked.contender
    asked.container.settle()
    asked.container.freeze()
    used = cpu_time(pid)
    rows["signal-rate"].add(contender, asked.flood(1000))
    if contender.file:
        asked.container.settle()
        rows["signal-cpu"].add(contender, (cpu_time(pid) - used) / 1000)


@part(
    "work",
    Row(
        "storm-rate",
        "orphans reaped in a storm",
        "/s",
        "two processes of the container make orphans without end, meanwhile signals come",
        more=True,
    ),
    Row(
        "storm-cpu",
        "CPU time per orphan in it",
        "ns",
        "the scheduler's account of the init, signals included",
        unjudged="who reaps late has less to do",
    ),
    Row(
        "storm-median",
        "latency added in it, median",
        "µs",
        "as above, in the same storm; less the latency without an init in the same storm",
    ),
    Row("storm-99", "latency added in it, p99", "µs", "of the same signals"),
    Row("storm-growth", "memory grown in it", "B", "private dirty memory after it less that before"),
)
def storm(bench, rows):
    count = 50 if bench.quick else 300
    for _ in bench.rounds(6, quick=1):
        of_round = {}
        for contender in bench.contenders:
            with ExitStack() as stack:
                it = Asked(bench, stack, contender, storms=2)
                of_round[contender] = weather(bench, rows, it, count)
        add_latencies(rows["storm-median"], rows["storm-99"], of_round)


def weather(bench, rows, asked: Asked, count: int) -> list[float]:
    """Signals in a storm, each latency; and what the storm cost meanwhile."""
    pid, contender = asked.container.init, asked.contender
    # Until the first orphans have been reaped.
    bench.pause(0.1)
    before, used, start = asked.orphans(), cpu_time(pid), bench.now()
    dirty = smaps(pid, "Private_Dirty")
    times = asked.ask(count)
    bench.pause(max(0, (0.2 if bench.quick else 0.7) - (bench.now() - start)))
    if contender.file:
        made, took = asked.orphans() - before, bench.now() - start
        rows["storm-rate"].add(contender, made / took)
        # Signals are part of it: the same number for all.
        rows["storm-cpu"].add(contender, (cpu_time(pid) - used) / max(1, made))
        add_growth(rows["storm-growth"], asked.container, dirty)
    return times
