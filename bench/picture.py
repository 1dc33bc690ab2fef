"""The picture: bytes, memory and start time at a glance, for light and for dark pages."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

#: The rows that are drawn, and how their figures are said.
PANELS = [
    ("layer", "In the image, with its libraries", lambda it: f"{it / 1000:,.0f} kB"),
    ("rss", "Memory while idle (RSS)", lambda it: f"{it / 1000:,.0f} kB"),
    ("start", "Time added to the start", lambda it: f"{it:,.0f} µs"),
]
THEMES = {
    "light": {"text": "#1f2328", "rinit": "#0969da", "peer": "#8c959f"},
    "dark": {"text": "#e6edf3", "rinit": "#58a6ff", "peer": "#6e7681"},
}
#: The same file for the same figures: no date, no random identifiers.
STYLE = {
    "svg.hashsalt": "rinit",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
}


def draw_panel(axes, made: dict, row: dict, say, colours: dict) -> None:
    shown = [it for it in made["contenders"] if it["kind"] != "floor" and it["id"] in row["values"]]
    values = [row["values"][it["id"]]["value"] for it in shown]
    names = [it["title"] for it in shown]
    bars = axes.barh(
        names, values, color=[colours["rinit" if it["kind"] == "ours" else "peer"] for it in shown]
    )
    axes.bar_label(bars, [say(it) for it in values], padding=4, color=colours["text"])
    axes.invert_yaxis()
    # Room for the figures at the ends of the bars.
    axes.set_xlim(0, max(values) * 1.35)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0, colors=colours["text"])
    for side in axes.spines.values():
        side.set_visible(False)


def draw(made: dict, folder: Path) -> None:
    """Writes FOLDER/bench-light.svg and FOLDER/bench-dark.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = {row["id"]: row for row in made["rows"] if row["values"]}
    panels = [(rows[id], title, say) for id, title, say in PANELS if id in rows]
    for theme, colours in THEMES.items():
        with pyplot.rc_context(STYLE):
            figure, all_axes = pyplot.subplots(
                1, len(panels), figsize=(11, 2.9), sharey=True, squeeze=False, layout="constrained"
            )
            for axes, (row, title, say) in zip(all_axes[0], panels, strict=True):
                draw_panel(axes, made, row, say, colours)
                axes.set_title(title, color=colours["text"], loc="left", fontsize=11)
            figure.savefig(
                folder / f"bench-{theme}.svg", transparent=True, metadata={"Date": None}
            )
            pyplot.close(figure)
