"""rinit under a bounded load, for as long as one likes: see scripts/soak."""

import collections
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

# It queues, so each that was sent must arrive (signal(7)).
COUNTED = signal.SIGRTMIN + 3
CODE = 42


def program():
    """What runs in the container: makes orphans, counts signals, says how many at its end."""
    counted = 0
    ends = False

    def count(*_):
        nonlocal counted
        counted += 1

    def end(*_):
        nonlocal ends
        ends = True

    # One at a time, and taken by number: Python would fold several of the same into one.
    signals = {COUNTED, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    print("ready", flush=True)
    orphans = 0
    while not ends:
        taken = signal.sigtimedwait(signals, 0.02)
        if taken is not None:
            (end if taken.si_signo == signal.SIGTERM else count)()
            continue
        make_orphans(orphans)
        orphans += 3
    # Who TERM overtook, as it has the lower number.
    while signal.sigtimedwait(signals, 0) is not None:
        count()
    print(f"counted {counted} orphans {orphans}", flush=True)
    os._exit(CODE)


def make_orphans(number):
    """Three, by way of a child that ends before them; each ends in a way of its own."""
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        for index in range(3):
            if os.fork() == 0:
                how = (number + index) % 7
                if how >= 4:
                    time.sleep(how / 10)
                if how in (2, 5):
                    os.kill(os.getpid(), signal.SIGKILL)
                if how == 3:
                    os.setsid()
                os._exit(how)
        os._exit(0)
    os.waitpid(child, 0)


def container(init, options, words):
    """The command line of an init as PID 1 of a new container."""
    space = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return [*space, str(init), *options, *words]


class Short:
    """Short-lived inits, one at a time, each with the code that it has to leave with."""

    def __init__(self, init):
        self.init = init
        self.running = None
        self.count = 0
        self.wrong = []

    def turn(self):
        """Looks after the one that runs, or starts the next."""
        if self.running:
            process, expected = self.running
            code = process.poll()
            if code is None:
                return
            if code != expected:
                self.wrong.append(f"{process.args}: {code} and not {expected}")
            self.count += 1
        code = random.randrange(1, 120)
        killer = random.choice([1, 2, 9, 10, 15, 34, 64])
        kinds = [
            (["sh", "-c", f"exit {code}"], code),
            (["sh", "-c", f"kill -{killer} $$; sleep 9"], 128 + killer),
            (["-t", "2", "sh", "-c", f"sleep 99 & exit {code}"], code),
            (["-t", "0.1", "sh", "-c", f"(trap '' TERM; sleep 99) & exit {code}"], code),
            (["-e", str(code), "sh", "-c", f"exit {code}"], 0),
            (["/not/there"], 127),
            (["-S", ":::", "--", "sh", "-c", f"exit {code}", ":::", "sleep", "99"], code),
        ]
        words, expected = random.choice(kinds)
        command = container(self.init, [], words) if random.random() < 0.5 else [str(self.init), *words]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.running = (subprocess.Popen(command, stdin=subprocess.DEVNULL, **quiet), expected)

    def finish(self):
        """Waits for the one that runs."""
        process, expected = self.running
        try:
            code = process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            code = "no end"
        if code != expected:
            self.wrong.append(f"{process.args}: {code} and not {expected}")
        self.count += 1


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def stat(pid):
    """The fields of /proc/PID/stat from the state on; none where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None


def zombies(pid):
    """Those of its children that it has not reaped, each with its time of birth."""
    found = set()
    for child in children(pid):
        fields = stat(child)
        if fields and fields[0] == "Z":
            found.add((child, fields[19]))
    return found


def memory(pid):
    """RSS, and what of it is the process's own and no file's, in kB."""
    fields = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        fields[name] = int(value.split()[0])
    return fields["Rss"], fields["Anonymous"]


def main(init, seconds):
    # What nohup or a shell without job control ignores, the short-lived ones would ignore as well.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    words = [sys.executable, "-B", __file__, "program"]
    outer = subprocess.Popen(container(init, ["-t", "5"], words), stdout=subprocess.PIPE, text=True)
    if outer.stdout.readline() != "ready\n":
        print("scripts/soak: the program was not started", file=sys.stderr)
        return 2
    pid = int(children(outer.pid)[0])
    short = Short(init)
    faults = collections.Counter()
    sent = 0
    before = set()
    seen = {"rss": set(), "own": set(), "descriptors": set(), "zombies": 0}
    start = last = time.monotonic()
    while (now := time.monotonic()) - start < seconds and outer.poll() is None:
        time.sleep(0.02)
        for number in (COUNTED, COUNTED, signal.SIGWINCH, signal.SIGCHLD, signal.SIGCONT):
            os.kill(pid, number)
            sent += number == COUNTED
        short.turn()
        if now - last < 1:
            continue
        last = now
        now_zombies = zombies(pid)
        seen["zombies"] = max(seen["zombies"], len(now_zombies))
        faults["a zombie stayed for a second"] += len(now_zombies & before)
        before = now_zombies
        rss, own = memory(pid)
        seen["rss"].add(rss)
        seen["own"].add(own)
        seen["descriptors"].add(len(os.listdir(f"/proc/{pid}/fd")))
    faults["it did not live to the end"] += outer.poll() is not None
    if outer.poll() is None:
        os.kill(pid, signal.SIGTERM)
    report = outer.stdout.read().split()
    code = outer.wait(60)
    short.finish()
    # unshare leaves with the code of its child, as the container's.
    faults[f"it left with {code} and not {CODE}"] += code != CODE
    arrived, orphans = (int(report[1]), int(report[3])) if len(report) == 4 else (-1, -1)
    faults[f"{arrived} of {sent} signals arrived"] += arrived != sent
    # The stack. (Pages of its file, which need not be on disk yet, count with RSS alone.)
    faults["it took more than 12 kB of its own"] += max(seen["own"], default=0) > 12
    faults["it grew beyond 48 kB"] += max(seen["rss"], default=0) > 48
    faults["it held other descriptors than 0, 1 and 2"] += seen["descriptors"] not in (set(), {3})
    faults["nothing was measured"] += seconds > 2 and not seen["rss"]
    for wrong in short.wrong:
        faults[wrong] += 1
    print(f"{seconds} s: {orphans} orphans, {arrived} of {sent} signals, {short.count} short-lived inits")
    print(f"RSS {sorted(seen['rss'])} kB, its own {sorted(seen['own'])} kB, "
          f"descriptors {sorted(seen['descriptors'])}, zombies seen at once: {seen['zombies']}")
    found = [f"{fault} ({count} times)" for fault, count in faults.items() if count]
    for fault in found:
        print(f"FAILED  {fault}", file=sys.stderr)
    print(f"scripts/soak: {len(faults) - len(found)} passed, {len(found)} failed, 0 skipped")
    return 1 if found else 0


if __name__ == "__main__":
    if sys.argv[1] == "program":
        program()
    else:
        sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
