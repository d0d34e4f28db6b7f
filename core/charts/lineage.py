"""Where the versions of a table come from, and how a column's values moved between two of them."""

import plotly.graph_objects as go

from core.charts.style import ACCENT, QUIET, SECOND, bar_list_height, name_rows, start_figure
from core.records import ColumnDifference, Lineage, LineageNode

ROW_HEIGHT = 30
LANE_WIDTH = 34
LABEL_WIDTH = 210


def lineage(found: Lineage) -> go.Figure:
    """Return the versions as points, the newest on top, joined to the version they came from; live streams are open."""
    nodes = found.nodes
    figure = start_figure(height=ROW_HEIGHT * max(len(nodes), 2) + 24)
    for node in nodes:
        if node.parent_row is not None:
            parent = nodes[node.parent_row]
            # First onto the line of the version itself, then along it.
            figure.add_scatter(
                x=[parent.lane, node.lane, node.lane],
                y=[parent.row, min(parent.row + 0.8, node.row), node.row],
                mode="lines",
                line={"color": QUIET, "width": 2},
                hoverinfo="skip",
            )
    _add_points(figure, nodes)
    figure.update_layout(
        showlegend=False,
        width=LABEL_WIDTH + LANE_WIDTH * (found.n_lanes + 1),
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
    )
    figure.update_xaxes(visible=False, range=[-0.6, found.n_lanes - 0.4])
    figure.update_yaxes(
        side="right",
        tickmode="array",
        tickvals=[node.row for node in nodes],
        ticktext=[_label(node) for node in nodes],
        range=[-0.6, max(len(nodes), 2) - 0.4],
        showgrid=False,
    )
    return figure


def _add_points(figure: go.Figure, nodes: tuple[LineageNode, ...]) -> None:
    figure.add_scatter(
        x=[node.lane for node in nodes],
        y=[node.row for node in nodes],
        mode="markers",
        marker={
            "size": [15 if node.is_current else 11 for node in nodes],
            "color": [ACCENT if node.role == "table" else SECOND for node in nodes],
            "symbol": ["circle" if node.role == "table" else "diamond-open" for node in nodes],
            "line": {"width": 2},
        },
        customdata=[(_label(node), node.made, node.n_rows, node.n_columns) for node in nodes],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{customdata[2]:,} rows, %{customdata[3]:,} columns"
        "<extra></extra>",
    )


def _label(node: LineageNode) -> str:
    kind = "Version" if node.role == "table" else "Stream"
    return f"{kind} {node.number}: {node.n_rows:,} rows{', now' if node.is_current else ''}"


def before_and_after(difference: ColumnDifference) -> go.Figure:
    """Return how a column's values were spread before and are now: two bars a bin, out of 100 rows."""
    figure = start_figure(x_title="rows of 100", height=bar_list_height(len(difference.labels), room=110))
    for name, shares, color in (("before", difference.before, QUIET), ("now", difference.after, ACCENT)):
        figure.add_bar(
            x=[100 * share for share in shares],
            y=list(range(len(shares))),
            orientation="h",
            name=name,
            marker_color=color,
            customdata=[(label, name) for label in difference.labels],
            hovertemplate="%{customdata[0]}, %{customdata[1]}: %{x:.1f} of 100<extra></extra>",
        )
    figure.update_layout(barmode="group", bargap=0.25, legend_traceorder="normal")
    name_rows(figure, list(difference.labels))
    return figure
