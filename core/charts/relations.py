"""How the target differs between groups of rows that are alike in a column, as a picture."""

import plotly.graph_objects as go

from core.charts.style import ACCENT, BAD, QUIET, SECOND, bar_list_height, faded, name_rows, start_figure
from core.records import Relation, TargetRelations

CLASS_COLORS = (QUIET, ACCENT, SECOND, BAD, "#5b7fb5", "#9a6fb0")


def target_by_group(relation: Relation, relations: TargetRelations) -> go.Figure:
    """Return the target by group of a column: shares of the classes out of 100, or the middle half of an amount."""
    return _amounts(relation, relations.target) if relations.task == "regression" else _shares(relation, relations)


def _shares(relation: Relation, relations: TargetRelations) -> go.Figure:
    names = [group.label for group in relation.groups]
    figure = start_figure(x_title=f"rows of 100, by {relations.target}", height=bar_list_height(len(names), room=110))
    for place, name in enumerate(relations.classes):
        figure.add_bar(
            x=[100 * group.shares[place] for group in relation.groups],
            y=list(range(len(names))),
            orientation="h",
            name=name,
            marker_color=CLASS_COLORS[place % len(CLASS_COLORS)],
            customdata=[(group.label, group.n_rows, name) for group in relation.groups],
            hovertemplate="%{customdata[0]}, %{customdata[1]:,} rows: %{x:.1f} of 100 %{customdata[2]}<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.2, legend_traceorder="normal")
    figure.update_xaxes(range=[0, 100])
    name_rows(figure, names)
    return figure


def _amounts(relation: Relation, target: str) -> go.Figure:
    names = [group.label for group in relation.groups]
    places = list(range(len(names)))
    figure = start_figure(x_title=f"{target}: middle half and median", height=bar_list_height(len(names), room=80))
    figure.add_bar(
        x=[(group.high or 0) - (group.low or 0) for group in relation.groups],
        base=[group.low for group in relation.groups],
        y=places,
        orientation="h",
        marker_color=faded(ACCENT, 0.45),
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[group.middle for group in relation.groups],
        y=places,
        mode="markers",
        marker={"color": ACCENT, "size": 10, "symbol": "line-ns", "line": {"color": ACCENT, "width": 3}},
        customdata=[(group.label, group.n_rows, group.low, group.high) for group in relation.groups],
        hovertemplate="%{customdata[0]}: half of %{customdata[1]:,} rows from %{customdata[2]:,.4g} to "
        "%{customdata[3]:,.4g}, median %{x:,.4g}<extra></extra>",
    )
    figure.update_layout(showlegend=False, bargap=0.35)
    name_rows(figure, names)
    return figure
