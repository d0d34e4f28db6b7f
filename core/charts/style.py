"""What all charts share: a calm palette that reads on white and on black, and an axis frame without ornament.

Backgrounds are transparent and fonts are left out, so that the dashboard's own theme shows through.
"""

import plotly.graph_objects as go

from core.records import Metric

ACCENT = "#1f958a"
"""What the chart is about."""
SECOND = "#dc8a1f"
"""What it is set against, where both matter."""
QUIET = "#87959c"
"""Reference, background, not yet known."""
BAD = "#d0566b"
"""What needs a look."""
GRID = "rgba(135, 149, 156, 0.22)"
CLEAR = "rgba(0, 0, 0, 0)"
LONGEST_NAME = 26


def faded(color: str, opacity: float) -> str:
    """Return a `#rrggbb` colour as translucent `rgba(...)`; `opacity` in [0, 1]."""
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


def shorten(name: str) -> str:
    """Return a name that fits beside a bar on a telephone."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def unit_of(metric: Metric) -> float:
    """Return what a metric's values are multiplied by: shares are shown out of 100, as everywhere in words."""
    return 100.0 if metric.highest == 1.0 else 1.0


def name_unit(metric: Metric) -> str:
    """Return a metric's name with the unit its values are drawn in."""
    return f"{metric.label}, out of 100" if metric.highest == 1.0 else metric.label


def start_figure(*, x_title: str = "", y_title: str = "", height: int = 300) -> go.Figure:
    """Return an empty figure in the common style; `height` in pixels."""
    # Given whole, a layout is checked once; `update_layout` takes nine times as long, for every chart of a page.
    return go.Figure(
        layout={
            "height": height,
            "margin": {"l": 8, "r": 16, "t": 32, "b": 8},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "dragmode": False,
            "hoverlabel": {"namelength": -1},
            "legend": {
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "xanchor": "left",
                "yanchor": "bottom",
                "title": {"text": ""},
            },
            "xaxis": _axis(x_title),
            "yaxis": _axis(y_title),
        }
    )


def _axis(title: str) -> dict[str, object]:
    return {"gridcolor": GRID, "zeroline": False, "automargin": True, "title": {"standoff": 8, "text": title}}


def add_threshold(figure: go.Figure, value: float, words: str, *, vertical: bool = False) -> None:
    """Draw a dashed line at `value` with its meaning in words beside it."""
    line = {"line_dash": "dash", "line_color": QUIET, "line_width": 1.5}
    if vertical:
        figure.add_vline(x=value, annotation_text=words, annotation_position="top", **line)
    else:
        figure.add_hline(y=value, annotation_text=words, annotation_position="top left", **line)


def bar_list_height(n_bars: int, *, room: int = 90) -> int:
    """Return the height in pixels that lets `n_bars` horizontal bars breathe."""
    return room + 30 * max(n_bars, 2)


def name_rows(figure: go.Figure, names: list[str]) -> None:
    """Label the rows of a horizontal chart, first on top, long names shortened (the hover tells them in full)."""
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=[shorten(name) for name in names],
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
    )
