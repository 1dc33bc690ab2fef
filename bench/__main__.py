"""The command line: scripts/bench calls it in its venv."""

import argparse
import datetime
import json
import shutil
import sys
import time
from pathlib import Path

from . import check, idle, picture, report, size, start, stop, work
from .contenders import Missing, build_probe, gather, run, wasteful
from .rows import Part

PARTS = [it for m in (size, start, work, idle, stop) for it in vars(m).values() if isinstance(it, Part)]


class Bench:
    """What the parts need: who is measured, how often, and a folder to work in."""

    def __init__(self, work: Path, init: Path, quick: bool):
        self.work, self.quick = work, quick
        self.notes, self.skipped, self.failed = [], [], []
        self.probe = build_probe(work)
        #: In the order of this round.
        self.contenders = gather(init, work, self.skip)
        self.everybody = list(self.contenders)
        self.folders = 0

    run = staticmethod(run)
    pause = staticmethod(time.sleep)
    now = staticmethod(time.monotonic)

    def rounds(self, count: int, quick: int):
        """The rounds of a full run, or those of a quick one. In each, all are measured in turn, and
        each time another one is the first: it may find the machine in another state."""
        for _ in range(quick if self.quick else count):
            self.contenders.append(self.contenders.pop(0))
            yield

    @property
    def inits(self) -> list:
        """Those that are an init, in the order of this round."""
        return [it for it in self.contenders if it.file]

    def note(self, text: str) -> None:
        self.notes.append(text)

    def skip(self, why: str) -> None:
        print(f"SKIPPED {why}", flush=True)
        self.skipped.append(why)

    def fresh_folder(self, name: str) -> Path:
        self.folders += 1
        folder = self.work / "scratch" / f"{name}-{self.folders}"
        folder.mkdir(parents=True)
        return folder

    def measure(self, parts: list[Part]) -> None:
        scratch = self.work / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        for part in parts:
            start, names = self.now(), ", ".join(row.id for row in part.rows)
            try:
                part.measure(self, {row.id: row for row in part.rows})
            except Missing as missing:
                self.skip(f"{names}: {missing}")
            except (AssertionError, TimeoutError, OSError, ValueError) as error:
                # The others may work.
                self.failed.append(f"{names}: {error}")
            print(f"measured {part.group}: {names} ({self.now() - start:.0f} s)", file=sys.stderr)
        shutil.rmtree(scratch, ignore_errors=True)


def choose(words: list[str]) -> list[Part]:
    """The parts with what is asked for: rows and groups by name; all where nothing is."""
    known = {name for part in PARTS for name in [part.group, *(row.id for row in part.rows)]}
    for word in words:
        if word not in known:
            sys.exit(f"scripts/bench: no such row or group: {word}; see scripts/bench --list")
    wanted = set(words) or known
    return [it for it in PARTS if wanted & {it.group, *(row.id for row in it.rows)}]


def show_list() -> None:
    for part in PARTS:
        for row in part.rows:
            print(f"{part.group:6} {row.id:15} {row.title}: {row.how}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", add_help=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--svg", type=Path)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--from", dest="source", type=Path)
    parser.add_argument("--fake", action="store_true")
    parser.add_argument("-l", "--list", action="store_true")
    parser.add_argument("--init", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("words", nargs="*")
    return parser.parse_args()


def measure(options: argparse.Namespace) -> tuple[dict, list[str]]:
    """A report, and what is wrong with it."""
    parts = choose(options.words)
    init = wasteful(options.work) if options.fake else options.init
    began = time.monotonic()
    bench = Bench(options.work, init, options.quick)
    bench.measure(parts)
    today = datetime.date.today().isoformat()
    made = report.make(bench, parts, today, time.monotonic() - began)
    problems = check.complete(made, bench)
    if options.fake:
        problems += check.shows_waste(made)
    elif options.quick:
        problems += check.counts(made)
    return made, problems


def main() -> int:
    options = arguments()
    if options.list:
        show_list()
        return 0
    problems = []
    if options.source:
        made = json.loads(options.source.read_text())
    else:
        made, problems = measure(options)
    print(report.markdown(made) if options.markdown else report.table(made))
    if options.json:
        options.json.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    if options.svg:
        picture.draw(made, options.svg)
    for problem in problems:
        print(f"FAILED {problem}")
    # The table for the README stands alone on stdout.
    print(report.closing(made, problems), file=sys.stderr if options.markdown else sys.stdout)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
