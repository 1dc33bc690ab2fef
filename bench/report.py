"""The report: one structure for the table, the JSON and the picture."""

import textwrap

from tabulate import tabulate

from . import machine
from .rows import Row

#: What a reader has to know in order to read the figures right.
READING = (
    "Each figure is the median of its samples; all contenders were measured in turn, round by round,"
    " on one machine in one run; in parentheses the least and the greatest sample. A ratio is rinit's,"
    " and below 1 it is better, in every row. `best`: no peer is better; `even`: one is, but the middle"
    " halves of both samples overlap; `worse`: one is, beyond that."
)


def make(bench, parts, date: str, seconds: float) -> dict:
    return {
        "schema": 1,
        "date": date,
        "quick": bench.quick,
        "seconds": round(seconds),
        "machine": machine.describe(),
        "tools": machine.tools(),
        "contenders": [
            {"id": it.id, "title": it.title, "kind": it.kind, "version": it.version}
            for it in bench.everybody
        ],
        "notes": bench.notes,
        "skipped": bench.skipped,
        "reading": READING,
        "rows": [row_of(row, bench.everybody) for part in parts for row in part.rows],
    }


def row_of(row: Row, contenders) -> dict:
    peers = [it.id for it in contenders if it.kind == "peer"]
    best = row.best(peers)
    return {
        "group": row.group,
        "id": row.id,
        "title": row.title,
        "unit": row.unit,
        "how": row.how,
        "better": "more" if row.more else "less",
        "exact": row.exact,
        "values": {it.id: row.figures(it.id) for it in contenders if row.samples.get(it.id)},
        "best_peer": best,
        "ratio_to_best_peer": row.ratio("rinit", best),
        "floor": row.floor,
        "ratio_to_floor": row.ratio("rinit", row.floor),
        "verdict": row.verdict("rinit", peers),
        "unjudged": row.unjudged,
    }


def short(number: float) -> str:
    """At least three digits that count; all of them up to 100,000."""
    if abs(number) >= 100_000:
        power = 6 if abs(number) >= 1e6 else 3
        return short(number / 10**power) + {3: "k", 6: "M"}[power]
    digits = 0 if abs(number) >= 100 or number == int(number) else 1 if abs(number) >= 10 else 2
    return f"{number:,.{digits}f}"


def figure(values: dict, id: str, with_range=False) -> str:
    if id not in values:
        return ""
    it = values[id]
    text = short(it["value"])
    if with_range and it["min"] != it["max"]:
        text += f" ({short(it['min'])}–{short(it['max'])})"
    return text


def ratio(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"


def title(row: dict) -> str:
    return row["title"] + (f", {row['unit']}" if row["unit"] else "")


#: How many rows stand side by side in a terminal.
SIDE_BY_SIDE = 5


def table(made: dict) -> str:
    """For a terminal: the contenders line by line, the rows side by side; after each median the least
    and the greatest sample."""
    rows, blocks = made["rows"], []
    for group in dict.fromkeys(row["group"] for row in rows):
        of_group = [row for row in rows if row["group"] == group]
        for at in range(0, len(of_group), SIDE_BY_SIDE):
            blocks.append(block(made, group, of_group[at : at + SIDE_BY_SIDE]))
    return "\n\n".join([*blocks, made["reading"], *made["notes"], describe(made)])


def block(made: dict, group: str, rows: list[dict]) -> str:
    lines = [
        [it["title"], *(figure(row["values"], it["id"], with_range=True) for row in rows)]
        for it in made["contenders"]
    ]
    lines.append(["÷ best peer", *(ratio(row["ratio_to_best_peer"]) for row in rows)])
    lines.append(["÷ floor", *(ratio(row["ratio_to_floor"]) for row in rows)])
    lines.append(["rinit is", *(row["unjudged"] or row["verdict"] for row in rows)])
    head = [group.upper(), *("\n".join(textwrap.wrap(title(row), 20)) for row in rows)]
    align = ["left", *["right"] * len(rows)]
    return tabulate(lines, head, tablefmt="simple", colalign=align, disable_numparse=True)


def describe(made: dict) -> str:
    """Where and when: figures mean nothing without it."""
    it = made["machine"]
    kind = "virtual machine" if it["virtual"] else "machine"
    versions = ", ".join(
        f"{c['title']} {c['version']}" for c in made["contenders"] if c["kind"] == "peer"
    )
    rinit = made["contenders"][0]["version"]
    return (
        f"{made['date']}; {it['architecture']} {kind}, {it['processors']} processors"
        f" ({it['processor']}), {it['memory_bytes'] / 2**30:.0f} GB; Linux {it['kernel']},"
        f" {it['system']}; {rinit}; {versions}"
    )


def markdown(made: dict) -> str:
    """For the README: rinit, the best peer and the floor, side by side."""
    lines = []
    titles = {it["id"]: it["title"] for it in made["contenders"]}
    for row in made["rows"]:
        values, best = row["values"], row["best_peer"]
        if "rinit" not in values or best is None:
            continue
        static = [id for id in ("tini-static", "catatonit") if id in values]
        best_static = (max if row["better"] == "more" else min)(
            static, key=lambda id: values[id]["value"], default=None
        )
        lines.append(
            [
                title(row),
                figure(values, "rinit"),
                f"{figure(values, best)} ({titles[best]})",
                figure(values, best_static) if best_static else "",
                figure(values, row["floor"]) if row["floor"] else "",
                ratio(row["ratio_to_best_peer"]),
            ]
        )
    head = ["", "rinit", "best peer", "best static of Debian", "floor", "÷ best peer"]
    body = tabulate(lines, head, tablefmt="github", disable_numparse=True)
    return f"{body}\n\n{describe(made)}."


def closing(made: dict, problems: list[str]) -> str:
    """The last line."""
    count = {verdict: 0 for verdict in ("best", "even", "worse", "unjudged")}
    for row in made["rows"]:
        count[row["verdict"]] += 1
    worse = [row["id"] for row in made["rows"] if row["verdict"] == "worse"]
    return (
        f"scripts/bench: {len(made['rows'])} rows in {made['seconds']} s: rinit best in"
        f" {count['best']}, even in {count['even']}, worse in {count['worse']}"
        f"{' (' + ', '.join(worse) + ')' if worse else ''}, {count['unjudged']} not judged;"
        f" {len(problems)} failed, {len(made['skipped'])} skipped"
    )
