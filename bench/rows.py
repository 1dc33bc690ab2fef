"""A row: one quantity, measured of every contender in the same run."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Row:
    """One quantity. Samples are taken in rounds; every round measures all contenders in turn."""

    id: str
    title: str
    #: Empty for a number of things.
    unit: str
    #: How it is measured, in a sentence.
    how: str
    #: Is more of it better? Otherwise less is.
    more: bool = False
    #: The same on every run, whatever else the machine does: such rows may be asserted.
    exact: bool = False
    #: Who the floor is: `least`, `bare`, or nobody.
    floor: str | None = "least"
    #: Why it does not count who is first.
    unjudged: str = ""
    group: str = ""
    samples: dict[str, list[float]] = field(default_factory=dict)

    def add(self, contender, *samples: float) -> None:
        self.samples.setdefault(contender.id, []).extend(samples)

    def value(self, id: str) -> float | None:
        """The median."""
        return statistics.median(self.samples[id]) if self.samples.get(id) else None

    def quartiles(self, id: str) -> tuple[float, float]:
        """Between which the middle half of the samples lies."""
        samples = self.samples[id]
        if len(samples) < 2:
            return samples[0], samples[0]
        low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
        return low, high

    def is_better(self, one: float, other: float) -> bool:
        return one > other if self.more else one < other

    def best(self, ids) -> str | None:
        """Who of these has the best median."""
        known = [id for id in ids if self.samples.get(id)]
        return (max if self.more else min)(known, key=self.value, default=None)

    def ratio(self, one: str, other: str | None) -> float | None:
        """How many times as much `one` needs as `other`: below 1 it is better, in every row."""
        if other is None or not self.samples.get(one) or not self.samples.get(other):
            return None
        mine, others = self.value(one), self.value(other)
        if self.more:
            mine, others = others, mine
        if mine == others:
            return 1.0
        # A negative floor is noise: nothing can be said of it.
        return mine / others if others > 0 else None

    def verdict(self, one: str, peers) -> str:
        """`best`; `even` where it is not, and the middle halves of the samples overlap; `worse`; or
        `unjudged`."""
        peer = self.best(peers)
        if self.unjudged or not self.samples.get(one) or peer is None:
            return "unjudged"
        mine, others = self.value(one), self.value(peer)
        if not self.is_better(others, mine):
            return "best"
        (low, high), (low_peer, high_peer) = self.quartiles(one), self.quartiles(peer)
        return "even" if low <= high_peer and low_peer <= high else "worse"

    def figures(self, id: str) -> dict:
        samples = self.samples[id]
        low, high = self.quartiles(id)
        return {
            "value": self.value(id),
            "min": min(samples),
            "max": max(samples),
            "quartiles": [low, high],
            "samples": len(samples),
        }


@dataclass
class Part:
    """Rows that are measured together: `measure` is handed the bench and the rows by their ids."""

    group: str
    rows: list[Row]
    measure: object

    def __post_init__(self):
        for row in self.rows:
            row.group = self.group


def part(group: str, *rows: Row):
    """Makes a part of the function that measures these rows."""
    return lambda function: Part(group, list(rows), function)
