"""How well a model tells two classes apart at every possible threshold."""

import plotly.graph_objects as go

from core.charts.style import ACCENT, QUIET, faded, start_figure
from core.records import Curve


def roc(curve: Curve) -> go.Figure:
    """Return the ROC curve: cases found over false alarms, with the diagonal of guessing."""
    figure = _curve(curve, x_title="false alarms among the rest", y_title="cases found")
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="guessing", line={"color": QUIET, "dash": "dash"}, hoverinfo="skip"
    )
    return figure


def precision_recall(curve: Curve) -> go.Figure:
    """Return precision over recall: how many flags are right, over how many of the cases are found."""
    return _curve(curve, x_title="cases found", y_title="flags that are right")


def _curve(curve: Curve, *, x_title: str, y_title: str) -> go.Figure:
    figure = start_figure(x_title=x_title, y_title=y_title, height=340)
    area = "" if curve.area is None else f" (area {curve.area:.3f})"
    figure.add_scatter(
        x=curve.x,
        y=curve.y,
        mode="lines",
        name=f"this model{area}",
        line={"color": ACCENT, "width": 2.5},
        fill="tozeroy",
        fillcolor=faded(ACCENT, 0.10),
        hovertemplate=f"{x_title} %{{x:.0%}}, {y_title} %{{y:.0%}}<extra></extra>",
    )
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_layout(showlegend=True)
    return figure
