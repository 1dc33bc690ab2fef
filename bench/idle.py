"""Idle: what an init does while nothing happens."""

from contextlib import ExitStack

from .container import Container, cpu_time, switches
from .rows import Row, part


@part(
    "idle",
    Row(
        "switches",
        "context switches in a minute",
        "",
        "/proc/PID/status, all of them over the same minute",
        exact=True,
    ),
    Row("idle-cpu", "CPU time in a minute", "ns", "the scheduler's account of the init"),
)
def minute(bench, rows):
    seconds = 4 if bench.quick else 60
    with ExitStack() as stack:
        containers = [
            stack.enter_context(Container(bench, it, bench.probe, "hold")) for it in bench.inits
        ]
        for it in containers:
            it.settle()
        # tini wakes up once a second, and would seem idle in between.
        before = {it: (switches(it.init), cpu_time(it.init)) for it in containers}
        bench.pause(seconds)
        for it in containers:
            counted, used = before[it]
            rows["switches"].add(it.contender, (switches(it.init) - counted) * 60 / seconds)
            rows["idle-cpu"].add(it.contender, (cpu_time(it.init) - used) * 60 / seconds)
