"""Windows in the database: added to, read, added up, and folded into coarser ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, and_, delete, func, insert, select, type_coerce, update

from core import records
from core.store.database import take_turn
from core.store.tables import WINDOW, Counts, to_record

NUMBERS = ("n_requests", "n_rows", "n_refused", "n_errors", "n_dropped", "n_labelled", "n_abstained")
SHAPES = {column.name: column.type.shape for column in WINDOW.columns if isinstance(column.type, Counts)}
TRAFFIC_COUNTS = ("latency", "refusals", "keys")
"""The counts that tell of traffic alone, without the bins of what was asked and answered."""
KEY = ("project_id", "model_version_id", "started_at", "n_minutes")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def add_windows(first: records.Window, *others: records.Window) -> records.Window:
    """Return the sum of windows of one model version: counts add up, the earliest beginning stays."""
    windows = (first, *others)
    return replace(
        first,
        started_at=min(window.started_at for window in windows),
        n_minutes=max(window.n_minutes for window in windows),
        **{name: _sum([getattr(window, name) for window in windows]) for name in (*NUMBERS, *SHAPES)},
    )


def _sum(values: Sequence[Any]) -> Any:
    """Return the sum of numbers, of rows of counts (one that is empty adds nothing), or of either by name."""
    if isinstance(values[0], int):
        return sum(values)
    if isinstance(values[0], dict):
        by_name: dict[str, list[Any]] = {}
        for value in values:
            for name, one in value.items():
                by_name.setdefault(name, []).append(one)
        return {name: _sum(each) for name, each in by_name.items()}
    rows = [value for value in values if value]
    return tuple(map(sum, zip(*rows, strict=True)))


def add_window(connection: Connection, window: records.Window) -> None:
    """Add a window to the one of the same minute and model version that is there; make it where there is none."""
    present = connection.execute(select(WINDOW).where(_is(window))).mappings().first()
    if present is None:
        connection.execute(insert(WINDOW), _to_values(window))
    else:
        total = add_windows(to_record(records.Window, present), window)
        connection.execute(update(WINDOW).where(_is(window)), _to_values(total))


def _is(window: records.Window) -> ColumnElement[bool]:
    return and_(*(WINDOW.c[name] == getattr(window, name) for name in KEY))


def _to_values(window: records.Window) -> dict[str, Any]:
    return {column.name: getattr(window, column.name) for column in WINDOW.columns}


def in_span(
    project_id: str, since: datetime | None, until: datetime | None, model_version_id: str | None
) -> ColumnElement[bool]:
    """Return the condition for the windows of a project that began at or after `since` and before `until`."""
    conditions = [WINDOW.c.project_id == project_id]
    if since is not None:
        conditions.append(WINDOW.c.started_at >= since)
    if until is not None:
        conditions.append(WINDOW.c.started_at < until)
    if model_version_id is not None:
        conditions.append(WINDOW.c.model_version_id == model_version_id)
    return and_(*conditions)


def sum_span(
    connection: Connection, condition: ColumnElement[bool], only: Sequence[str] | None = None
) -> records.Window | None:
    """Return the sum of all windows in a span, of one model version; None when there is none.

    The same as adding them up one by one, many times faster: numbers are summed by the database, counts as they are
    packed.
    """
    numbers = [func.sum(WINDOW.c[name]).label(name) for name in NUMBERS]
    keys = [func.min(WINDOW.c[name]).label(name) for name in ("project_id", "model_version_id", "started_at")]
    keys.append(func.max(WINDOW.c.n_minutes).label("n_minutes"))
    head = connection.execute(select(*keys, *numbers).where(condition)).mappings().one()
    if head["started_at"] is None:
        return None
    shapes = {name: shape for name, shape in SHAPES.items() if only is None or name in only}
    packed = [type_coerce(WINDOW.c[name], LargeBinary).label(name) for name in shapes]
    rows = connection.execute(select(*packed).where(condition)).all()
    columns = zip(*rows, strict=True)
    sums = {name: shape.unpack_all(column) for (name, shape), column in zip(shapes.items(), columns, strict=True)}
    return records.Window(**{**head, **{name: int(head[name]) for name in NUMBERS}, **sums})


def fold_windows(connection: Connection, project_id: str, *, n_minutes: int, before: datetime, limit: int) -> int:
    """Replace windows shorter than `n_minutes` that began before a moment by their sums; return how many went.

    Spans begin at whole multiples of their length since 1970, so a window is folded into the same span whenever it
    comes; a later one is added to the span that is there.

    Parameters
    ----------
    before : datetime
        Only whole spans before it are folded.
    limit : int
        Windows folded in one transaction at most.
    """
    end = _span_start(before, n_minutes)
    short = and_(in_span(project_id, None, end, None), WINDOW.c.n_minutes < n_minutes)
    take_turn(connection, project_id)
    rows = connection.execute(select(WINDOW).where(short).order_by(WINDOW.c.started_at).limit(limit)).mappings().all()
    spans: dict[tuple[str, datetime], records.Window] = {}
    for row in rows:
        window = to_record(records.Window, row)
        connection.execute(delete(WINDOW).where(_is(window)))
        start = _span_start(window.started_at, n_minutes)
        window = replace(window, started_at=start, n_minutes=n_minutes)
        place = (window.model_version_id, start)
        spans[place] = add_windows(spans[place], window) if place in spans else window
    for window in spans.values():
        add_window(connection, window)
    return len(rows)


def _span_start(moment: datetime, n_minutes: int) -> datetime:
    since = moment - EPOCH
    return moment - since % timedelta(minutes=n_minutes)
