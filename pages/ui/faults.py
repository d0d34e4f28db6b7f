"""What goes wrong in a drill: the fields of one fault, in words a person without code understands."""

import math

import streamlit as st

from core import simulate
from core.records import Fault, FaultKind, Prototype
from pages.ui.state import prefill
from pages.ui.words import count, plain

DEVIATIONS = [-5.0, -4.0, -3.0, -2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0]
EVERYWHERE = "in all rows"
MINUTES_FROM_S = 180.0
"""Longer plays are planned by the minute, shorter ones by the second."""
N_PERIODS = 4
"""A fault that comes and goes does so this often in its time."""


def fault_fields(number: int, prototype: Prototype, choices: simulate.Choices, duration_s: float) -> Fault | None:
    """Draw the fields of one fault and return it; None, with the reason in words, when the model has no such column."""
    key = f"monitor_fault{number}"
    with st.container(border=True, key=key):
        with st.grid(3, min_column_width=220):
            kind = st.selectbox(
                f"What goes wrong ({number + 1})",
                list(simulate.FAULTS),
                format_func=lambda kind: simulate.FAULTS[kind].title,
                key=f"{key}_kind",
            )
            columns = _columns(key, kind, prototype)
            value = _value(key, kind)
            severity = _severity(key, kind, prototype)
            pattern = st.selectbox(
                "How", list(simulate.PATTERNS), format_func=simulate.PATTERNS.__getitem__, key=f"{key}_pattern"
            )
            first_s, last_s = _times(key, duration_s)
        least = simulate.FAULTS[kind].n_columns[0]
        if len(columns) < least:
            wanted = "two columns of one kind" if least == 2 else "a column"
            kinds = ", ".join(simulate.FAULTS[kind].kinds)
            st.caption(f":orange[This needs {wanted}: {kinds}. Choose it, or something else that goes wrong.]")
            return None
        first, last = simulate.rows_between(choices, first_s, last_s)
        period = max((last - first) // N_PERIODS, 2)
        fault = Fault(kind, first, max(last, first + 1), columns, severity, pattern, period, value)
        span = _say_span(fault, first_s, last_s, choices.n_rows)
        what = simulate.describe_fault(fault, prototype.task)
        st.markdown(plain(f"{span}, {what}. {simulate.FAULTS[kind].why}"))
        return fault


def _columns(key: str, kind: FaultKind, prototype: Prototype) -> tuple[str, ...]:
    """Let the person choose the columns that a kind of fault takes."""
    info = simulate.FAULTS[kind]
    names = [column.name for column in prototype.columns if column.kind in info.kinds]
    least, most = info.n_columns
    if most == 0:
        return ()
    if least == 0:
        chosen = st.selectbox("Where", [EVERYWHERE, *names], key=f"{key}_where")
        return () if chosen == EVERYWHERE else (chosen,)
    if most == 1:
        one = st.selectbox("Which column", names, key=f"{key}_column_{kind}")
        return (one,) if one else ()
    if most == 2:
        return _two_columns(key, prototype)
    return tuple(st.multiselect("Which columns", names, default=names[:1], key=f"{key}_columns_{kind}"))


def _two_columns(key: str, prototype: Prototype) -> tuple[str, ...]:
    kinds = {column.name: column.kind for column in prototype.columns}
    pairs = [name for name, kind in kinds.items() if list(kinds.values()).count(kind) > 1]
    first = st.selectbox("Which column", pairs, key=f"{key}_first")
    others = [name for name in pairs if name != first and kinds[name] == kinds.get(first or "")]
    second = st.selectbox("Swapped with", others, key=f"{key}_second")
    return (first, second) if first and second else ()


def _value(key: str, kind: FaultKind) -> str | None:
    """Return the new unit or category."""
    if kind == "unit_change":
        units = simulate.UNIT_WORDS
        return st.selectbox("It reports", list(units), format_func=units.__getitem__, key=f"{key}_unit")
    if kind == "new_category":
        return st.text_input("Its name", "something new", max_chars=60, key=f"{key}_category") or None
    return None


def _severity(key: str, kind: FaultKind, prototype: Prototype) -> float:
    if simulate.FAULTS[kind].unit_for(prototype.task) == "deviations":
        return float(st.select_slider("By how many standard deviations", DEVIATIONS, 2.0, key=f"{key}_deviations"))
    return st.slider("In how many of the rows (%)", 5, 100, 100, 5, key=f"{key}_share") / 100


def _times(key: str, duration_s: float) -> tuple[float, float | None]:
    """Return from when till when in real seconds after the start; None is the end."""
    in_minutes = duration_s >= MINUTES_FROM_S
    unit, unit_s, step, form = ("minute", 60.0, 0.5, "%.1f") if in_minutes else ("second", 1.0, 1.0, "%.0f")
    end = max(math.ceil(duration_s / unit_s / step) * step, step)
    prefill(f"{duration_s:.1f}", **{f"{key}_span": (math.floor(end / 3 / step) * step, end)})
    first, last = st.slider(f"From {unit}, until {unit}", 0.0, end, step=step, format=form, key=f"{key}_span")
    return first * unit_s, None if last >= end else last * unit_s


def _say_span(fault: Fault, first_s: float, last_s: float | None, n_rows: int) -> str:
    until = "until the end" if last_s is None else f"until {_say_time(last_s)}"
    n_met = min(fault.last_row, n_rows) - fault.first_row
    return f"From {_say_time(first_s)} {until} ({count(n_met, 'row')})"


def _say_time(seconds: float) -> str:
    return f"second {seconds:.0f}" if seconds % 60 else f"minute {seconds / 60:.0f}"
