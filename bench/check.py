"""What must hold of a report on any machine, however busy: nothing about time."""

#: Counts that rinit may not lose to anybody, wherever it is measured.
COUNTS = ["file", "layer", "image", "calls-start", "calls-all", "switches"]
COUNTS += ["pipeline-saved", "sibling-saved"]
#: Bytes that no work may add.
GROWTHS = ["reap-growth", "signal-growth", "storm-growth"]

FIELDS = {"value", "min", "max", "quartiles", "samples"}


def complete(made: dict, bench) -> list[str]:
    """Every row has a figure of everybody who is an init, and every field."""
    problems = list(bench.failed)
    # Of what is missing it has been said already.
    spoken = {id for why in bench.skipped + bench.failed for id in why.split(":")[0].split(", ")}
    for row in made["rows"]:
        for it in bench.inits:
            figures = row["values"].get(it.id, {})
            if set(figures) != FIELDS and row["id"] not in spoken:
                problems.append(f"{row['id']}: no figure of {it.id}")
        for field in ("title", "how", "better", "verdict"):
            if not row[field]:
                problems.append(f"{row['id']}: no {field}")
    return problems


def counts(made: dict) -> list[str]:
    """The rows that do not depend on time."""
    problems = []
    for row in made["rows"]:
        if row["id"] in COUNTS and row["verdict"] not in ("best", "unjudged"):
            problems.append(f"{row['id']}: {row['best_peer']} is better than rinit")
        if row["id"] in GROWTHS and row["values"] and row["values"]["rinit"]["value"] > 0:
            problems.append(f"{row['id']}: memory has grown")
    return problems


def shows_waste(made: dict) -> list[str]:
    """With an init in rinit's place that does all of it badly, every row shows so."""
    return [
        f"{row['id']}: a wasteful init is not worse than {row['best_peer']}"
        for row in made["rows"]
        if row["verdict"] not in ("worse", "unjudged") and not is_at_the_bottom(row)
    ]


def is_at_the_bottom(row: dict) -> bool:
    """Where the best peer has nothing of what is better to have, nobody can be worse."""
    best = row["values"].get(row["best_peer"])
    return row["better"] == "more" and best is not None and best["value"] == 0
