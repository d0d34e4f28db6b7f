"""What a column of a table holds, as a picture."""

from itertools import pairwise

import plotly.graph_objects as go

from core.charts.style import ACCENT, CLEAR, bar_list_height, name_rows, start_figure
from core.records import ColumnDetail, ColumnProfile, Distribution


def distribution(column: ColumnProfile, *, small: bool = False) -> go.Figure:
    """Return a column's distribution: a histogram for numbers, a time line for dates, a bar list for everything else.

    Parameters
    ----------
    column : ColumnProfile
        Its `distribution` is drawn as it is.
    small : bool
        Without axes and titles, to sit beside a column's description.
    """
    if column.distribution.edges:
        figure = _histogram(column.distribution, column.name)
    elif column.kind == "date":
        figure = _columns(column)
    else:
        figure = _bar_list(column)
    if small:
        figure.update_layout(height=90, margin={"l": 0, "r": 0, "t": 4, "b": 4})
        figure.update_xaxes(visible=False)
        figure.update_yaxes(visible=False)
    return figure


def lengths(detail: ColumnDetail) -> go.Figure:
    """Return how long a column's words or texts are: a histogram of their number of characters."""
    return _histogram(detail.lengths or Distribution((), (), ()), "characters")


def _histogram(distribution: Distribution, title: str) -> go.Figure:
    edges, counts = distribution.edges, distribution.counts
    figure = start_figure(x_title=title, y_title="rows", height=240)
    figure.add_bar(
        x=edges[:-1],
        y=counts,
        width=[end - start for start, end in pairwise(edges)],
        offset=0,
        customdata=distribution.labels,
        marker={"color": ACCENT, "line": {"color": CLEAR, "width": 1}},
        hovertemplate="%{customdata}: %{y:,} rows<extra></extra>",
    )
    return figure


def _columns(column: ColumnProfile) -> go.Figure:
    figure = start_figure(x_title=column.name, y_title="rows", height=240)
    figure.add_bar(
        x=column.distribution.labels,
        y=column.distribution.counts,
        marker_color=ACCENT,
        hovertemplate="%{x}: %{y:,} rows<extra></extra>",
    )
    figure.update_layout(bargap=0.08)
    return figure


def _bar_list(column: ColumnProfile) -> go.Figure:
    labels = list(column.distribution.labels)
    figure = start_figure(x_title="rows", height=bar_list_height(len(labels), room=70))
    figure.add_bar(
        x=column.distribution.counts,
        y=list(range(len(labels))),
        orientation="h",
        customdata=labels,
        marker_color=ACCENT,
        hovertemplate="%{customdata}: %{x:,} rows<extra></extra>",
    )
    name_rows(figure, labels)
    return figure
