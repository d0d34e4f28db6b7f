"""What was live and beside it over time: a row a version."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import plotly.graph_objects as go

from core.charts.style import ACCENT, BAD, QUIET, SECOND, bar_list_height, name_rows, start_figure
from core.records import ReleaseEvent, ReleaseHistory, ReleaseSpan
from core.records.standing import SpanRole

ROLES: Mapping[SpanRole, tuple[str, str, int]] = MappingProxyType(
    {"live": ("live", ACCENT, 14), "canary": ("answers a share", SECOND, 8), "shadow": ("asked silently", QUIET, 4)}
)
MARKED = MappingProxyType({"promote": ("made live", ACCENT, "circle"), "roll_back": ("taken back to", BAD, "diamond")})
MOST_VERSIONS = 12
LEAST_SPAN = timedelta(minutes=10)


def releases(history: ReleaseHistory, *, now: datetime) -> go.Figure:
    """Return the timeline of the newest versions: when each was live, answered a share, or was asked silently.

    Parameters
    ----------
    history : ReleaseHistory
        With at least one span.
    now : datetime
        Where what still goes on ends.
    """
    numbers = sorted({span.number for span in history.spans}, reverse=True)[:MOST_VERSIONS]
    rows = {number: row for row, number in enumerate(numbers)}
    figure = start_figure(x_title="time (UTC)", height=bar_list_height(len(rows), room=110))
    for role, (words, color, width) in ROLES.items():
        mine = [span for span in history.spans if span.role == role and span.number in rows]
        _add_spans(figure, mine, rows, now, {"name": words, "line": {"color": color, "width": width}})
    for action, (words, color, symbol) in MARKED.items():
        events = [event for event in history.events if event.action == action and event.number in rows]
        _add_events(figure, events, rows, {"name": words, "marker": {"color": color, "size": 13, "symbol": symbol}})
    name_rows(figure, [f"Version {number}" if number else "deleted" for number in numbers])
    first = min(span.started_at for span in history.spans)
    room = max((now - first) * 0.04, LEAST_SPAN / 20)
    figure.update_xaxes(range=[min(first, now - LEAST_SPAN) - room, now + room])
    return figure


def _add_spans(
    figure: go.Figure, spans: list[ReleaseSpan], rows: dict[int, int], now: datetime, style: dict[str, object]
) -> None:
    """Draw spans as one broken line, so that each role is in the legend once."""
    x: list[datetime | None] = []
    y: list[int | None] = []
    told: list[str | None] = []
    for span in spans:
        share = f", {span.share * 100:g} of 100 questions" if span.share < 1 else ""
        end = f"{span.ended_at:%d %b %Y, %H:%M}" if span.ended_at else "now"
        words = f"Version {span.number}: {style['name']}{share}, {span.started_at:%d %b %Y, %H:%M} to {end}"
        x += [span.started_at, span.ended_at or now, None]
        y += [rows[span.number], rows[span.number], None]
        told += [words, words, None]
    if spans:
        figure.add_scatter(x=x, y=y, mode="lines", text=told, hovertemplate="%{text}<extra></extra>", **style)


def _add_events(figure: go.Figure, events: list[ReleaseEvent], rows: dict[int, int], style: dict[str, object]) -> None:
    if not events:
        return
    told = [f"{event.sentence} by {event.by}, {event.at:%d %b %Y, %H:%M}" for event in events]
    figure.add_scatter(
        x=[event.at for event in events],
        y=[rows[event.number] for event in events],
        mode="markers",
        text=told,
        hovertemplate="%{text}<extra></extra>",
        **style,
    )
