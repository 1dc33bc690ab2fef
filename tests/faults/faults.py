"""The matrix of scripts/faults, whose head has the rules."""

import argparse
import collections
import concurrent.futures
import os
import re
import sys
import time
import zlib

import errors
import stage
from scenarios import SCENARIOS

WHO = ("rinit", "child", "second child")
# What may come of a fault.
GOOD = ("same", "said", "weaker", "not reached")


class Cell:
    """One run to make: the scenario, who is hurt, and how."""

    def __init__(self, scenario, who, call, number, fault, always=False, window=None):
        self.scenario, self.who, self.call, self.number, self.fault = scenario, who, call, number, fault
        self.always, self.window = always, window

    def inject(self):
        what = f"error={self.fault}" if self.fault.startswith("E") else f"{self.fault}=40000"
        return f"{self.call}:{what}:when={self.number}{'+' if self.always else ''}"

    def name(self):
        return self.fault + (", always" if self.always else "")

    def __str__(self):
        which = "from the first on" if self.always else f"#{self.number}"
        return f"{self.scenario.name}: {WHO[self.who]}'s {self.call} {which}: {self.fault}"


def run(cell, slowness=1):
    scenario, who = cell.scenario, cell.who
    return stage.Run(INIT, PUPPET, scenario, who, cell.inject(), cell.window, slowness).go()


def run_plain(task):
    scenario, who = task
    return stage.Run(INIT, PUPPET, scenario, who).go()


def counts(outcome):
    """How often each call was made, in the order of their first."""
    return collections.Counter(call for call, _ in outcome.trace)


def violated(outcome, plain):
    """The rule that does not hold, whatever the scenario; none where all do."""
    calls = sum(call != "close" for call, _ in outcome.trace)
    if calls > len(plain.trace) + stage.CALLS_MAX:
        return f"it spins: {calls} calls"
    if outcome.hangs:
        return "it hangs"
    if outcome.killed_by and not outcome.given_up:
        return f"signal {outcome.killed_by} killed it"
    return None


def has_said_so(cell, outcome, plain, seen):
    """Did it say in one line that something could not be done, and leave with a code that fits?"""
    more = collections.Counter(outcome.clear("stderr")) - collections.Counter(plain.clear("stderr"))
    more = [line for line in more.elements() if not re.fullmatch("rinit: companion # ended with code 12[567]", line)]
    if plain.code in (126, 127) and not more:
        # What kept the program from running could not be looked at as closely.
        return outcome.code in (126, 127) and seen == {"code"}
    if len(more) != 1 or not more[0].startswith("rinit: cannot "):
        return False
    if outcome.code == plain.code:
        # A companion may be missing.
        return seen <= ({"stderr", "stdout"} if cell.who else {"stderr"})
    return outcome.code in (125, 126, 127) and seen <= {"code", "stderr", "stdout", "asked_twice", "notes"}


def judge(cell, outcome, plain):
    """`same`, `said`, `weaker`, `not reached`, or what is wrong."""
    broken = violated(outcome, plain)
    if broken:
        return broken
    seen = outcome.differs_from(plain)
    if not seen:
        return "same" if outcome.injected else "not reached"
    if {"left over, whole", "left over, not whole", "made, not whole"} & set(outcome.notes) and cell.call != "unlinkat":
        return f"not whole or not at all: {outcome.notes}"
    if has_said_so(cell, outcome, plain, seen):
        return "said"
    for whose, call, fault, fields, _ in errors.WEAKER:
        if (whose in ("any", "child" if cell.who else "rinit") and re.fullmatch(call, cell.call)
                and re.fullmatch(fault, cell.name()) and seen <= fields):
            return "weaker"
    return "; ".join(f"{field} {getattr(outcome, field)!r}, not {getattr(plain, field)!r}" for field in sorted(seen))


def cells_of(scenario, who, plain):
    """Every error at every occurrence of every call; and a call that is always refused."""
    for call, count in counts(plain).items():
        if call in errors.CANNOT_FAIL:
            continue
        if call not in errors.ERRORS and "ANOTHER" not in os.environ:
            raise SystemExit(f"scripts/faults: {call} is new: put what its man page lists into tests/faults/errors.py")
        for name in errors.ERRORS.get(call, errors.REFUSED):
            yield from (Cell(scenario, who, call, number, name) for number in range(1, count + 1))
        for name in errors.REFUSED:
            yield Cell(scenario, who, call, 1, name, always=True)


def windows_of(scenario, who, plain):
    """Every call is held up before it and after it, and a signal sent meanwhile."""
    seen = collections.Counter()
    for call, _ in plain.trace:
        seen[call] += 1
        for end in ("delay_enter", "delay_exit"):
            # Nothing comes after these.
            if end == "delay_enter" or call not in ("execve", "exit_group"):
                yield Cell(scenario, who, call, seen[call], end, window=(call, seen[call], scenario.window))
        # From then on nothing would send the only signal that there is.
        if scenario.is_birth() and call == "rt_sigtimedwait":
            return


def one_of_each(cells):
    """Each error of each call once, in one scenario or another; all windows of a few scenarios."""
    groups = collections.defaultdict(list)
    for cell in cells:
        if cell.window is None:
            groups[min(cell.who, 1), cell.call, cell.name()].append(cell)
        elif cell.scenario.in_quick:
            yield cell
    for key, group in groups.items():
        yield group[zlib.crc32(repr(key).encode()) % len(group)]


def outcomes(pool, cells, plains):
    """Each cell with its verdict, in order."""
    for cell, outcome in zip(cells, pool.map(run, cells, chunksize=4)):
        plain = plains[cell.scenario.name, cell.who]
        verdict = judge(cell, outcome, plain)
        if verdict == "it hangs" or "asked_twice" in verdict:
            # A slow machine looks like it: once more, with all the time in the world.
            verdict = judge(cell, run(cell, slowness=5), plain)
        yield cell, verdict


def watch_plain(pool, scenarios):
    """What each scenario comes to without a fault, by its name and who was watched; and what was wrong then."""
    tasks = [(scenario, who) for scenario in scenarios for who in range(scenario.births + 1)]
    plains, bad = {}, []
    for (scenario, who), plain in zip(tasks, pool.map(run_plain, tasks)):
        plains[scenario.name, who] = plain
        broken = violated(plain, plain)
        if plain.code != scenario.code or broken:
            bad.append(f"{scenario.name}, without a fault: {broken or f'code {plain.code}, not {scenario.code}'}")
    return plains, bad


def choose(options, scenarios, plains):
    cells = []
    for scenario in scenarios:
        for who in range(scenario.births + 1):
            plain = plains[scenario.name, who]
            if not scenario.is_birth():
                cells += cells_of(scenario, who, plain)
            if scenario.births:
                cells += windows_of(scenario, who, plain)
    if options.calls:
        cells = [cell for cell in cells if cell.call in options.calls]
    return list(one_of_each(cells)) if options.quick else cells


def parse():
    parser = argparse.ArgumentParser(prog="scripts/faults", add_help=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--scenario", action="append", default=[])
    parser.add_argument("--reasons", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("calls", nargs="*")
    return parser.parse_args()


def main():
    options = parse()
    start = time.monotonic()
    if options.reasons:
        for who, call, fault, _, why in errors.WEAKER:
            print(f"{who}: {call}: {fault}: {why}")
        return 0
    scenarios = [it for it in SCENARIOS if not options.scenario or any(re.search(p, it.name) for p in options.scenario)]
    matrix = collections.defaultdict(collections.Counter)
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        plains, bad = watch_plain(pool, scenarios)
        cells = [] if bad else choose(options, scenarios, plains)
        for cell, verdict in outcomes(pool, cells, plains):
            if verdict not in GOOD:
                bad.append(f"{cell}: {verdict}")
                verdict = "VIOLATED"
            matrix[WHO[min(cell.who, 1)], cell.call, cell.name()][verdict] += 1
    for (who, call, fault), row in sorted(matrix.items()):
        print(f"{who:6} {call:16} {fault:24}", ", ".join(f"{row[it]} {it}" for it in (*GOOD, "VIOLATED") if row[it]))
    for line in bad:
        print(f"FAIL   {line}")
    total = sum(matrix.values(), collections.Counter())
    print(f"scripts/faults: {len(scenarios)} lives, {len(matrix)} faults, {len(cells)} runs in {time.monotonic() - start:.0f} s:",
          ", ".join(f"{total[it]} {it}" for it in GOOD) + f"; {len(bad)} violated a rule")
    if not cells and not bad:
        print("scripts/faults: nothing was tried: no scenario or call of that name", file=sys.stderr)
        return 2
    return 1 if bad else 0


if __name__ == "__main__":
    INIT, PUPPET = os.environ["RINIT"], os.environ["PUPPET"]
    sys.exit(main())
