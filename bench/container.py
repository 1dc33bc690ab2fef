"""One contender running a program as PID 1 of a PID namespace of its own."""

import contextlib
import os
import select
import signal
import subprocess
import time
from pathlib import Path

#: Longer than anything takes that is not lost, in seconds.
PATIENCE = 300


def children(pid: int) -> list[int]:
    return [int(it) for it in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def status(pid: int, field: str) -> str:
    """A field of /proc/PID/status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value.strip()
    raise KeyError(field)


def switches(pid: int) -> int:
    """How often it was given the processor."""
    return int(status(pid, "voluntary_ctxt_switches")) + int(
        status(pid, "nonvoluntary_ctxt_switches")
    )


def smaps(pid: int, field: str) -> int:
    """A field of /proc/PID/smaps_rollup, in bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    raise KeyError(field)


def cpu_time(pid: int) -> int:
    """How long it had the processor, in nanoseconds: clock_getcpuclockid(3), by the scheduler."""
    return time.clock_gettime_ns((~pid << 3) | 2)


def wait_until(what, condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.002)


class Container:
    """Starts it, and returns when the program has said `ready`."""

    def __init__(self, bench, contender, *program, ready=1):
        self.contender = contender
        self.process = subprocess.Popen(
            [bench.probe, "enter", *contender.command(*program)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # As engines do it; the scheduler shares the machine out among sessions (sched(7),
            # autogroup).
            start_new_session=True,
        )
        try:
            for _ in range(ready):
                line = self.line()
                assert line == "ready", f"{contender.id}: {program} said {line!r}"
            (self.init,) = children(self.process.pid)
            self.program = self.init if contender.file is None else children(self.init)[0]
            self.end = os.pidfd_open(self.init)
        except BaseException:
            # What it entered dies with it.
            self.process.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def line(self) -> str:
        """What the program says, line by line."""
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            raise TimeoutError(f"{self.contender.id}: the program says nothing")
        return self.process.stdout.readline().decode().strip()

    def tell(self, line: str) -> str:
        """Says a line to the program; what it answers."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self.line()

    def freeze(self) -> None:
        """Stops the init, so that work piles up for it; SIGCONT lets it begin."""
        signal.pidfd_send_signal(self.end, signal.SIGSTOP)
        wait_until("it to stop", lambda: status(self.init, "State")[0] == "T")

    def thaw(self) -> int:
        """Lets it begin; the time, in nanoseconds."""
        start = time.monotonic_ns()
        signal.pidfd_send_signal(self.end, signal.SIGCONT)
        return start

    def settle(self) -> None:
        """Waits until the init is through with its start: twice asleep without a switch between."""
        before = [-1]

        def is_idle():
            count, last = switches(self.init), before[0]
            before[0] = count
            return count == last and status(self.init, "State")[0] == "S"

        wait_until(f"{self.contender.id} to be idle", is_idle)

    def stop(self, number: int, patience: float) -> float:
        """Signals the init; the seconds until the container has ended. It is killed when patience is
        over, as an engine does it."""
        poll = select.poll()
        poll.register(self.end, select.POLLIN)
        start = time.monotonic()
        os.kill(self.init, number)
        if not poll.poll(patience * 1000):
            os.kill(self.init, signal.SIGKILL)
            poll.poll(PATIENCE * 1000)
        return time.monotonic() - start

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.end, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self.process.stdin.close()
        self.process.stdout.close()
        os.close(self.end)
