"""What each step of a recipe is worth, as a picture."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import plotly.graph_objects as go

from core.charts.style import ACCENT, BAD, QUIET, bar_list_height, faded, name_rows, start_figure, unit_of
from core.records import Metric, PriceOutcome, StepPrice

COLORS: Mapping[PriceOutcome, str] = MappingProxyType({"helps": ACCENT, "costs": BAD, "unclear": QUIET})


def step_prices(prices: Sequence[StepPrice], metric: Metric) -> go.Figure:
    """Return a bar a step, right of zero where it helps, with the 95 % range; coloured where the range leaves zero out.

    Parameters
    ----------
    prices : sequence of StepPrice
        Those without a price yet are left out.
    metric : Metric
        What the scores are of.
    """
    unit = unit_of(metric)
    known = [price for price in prices if price.mean is not None and price.outcome is not None]
    title = "points of 100 won by it" if unit > 1 else "won by the step"
    figure = start_figure(x_title=title, height=bar_list_height(len(known), room=100))
    colors = [COLORS[price.outcome or "unclear"] for price in known]
    figure.add_bar(
        x=[(price.mean or 0.0) * unit for price in known],
        y=list(range(len(known))),
        orientation="h",
        marker={"color": [faded(color, 0.55) for color in colors]},
        error_x={
            "type": "data",
            "array": [((price.high or 0.0) - (price.mean or 0.0)) * unit for price in known],
            "arrayminus": [((price.mean or 0.0) - (price.low or 0.0)) * unit for price in known],
            "color": QUIET,
            "thickness": 2,
            "width": 5,
        },
        customdata=[(price.title, (price.low or 0.0) * unit, (price.high or 0.0) * unit) for price in known],
        hovertemplate="%{customdata[0]}: %{x:.3g}, between %{customdata[1]:.3g} and %{customdata[2]:.3g}"
        "<extra></extra>",
    )
    figure.add_vline(x=0, line_color=QUIET, line_width=1.5)
    name_rows(figure, [price.title for price in known])
    return figure
