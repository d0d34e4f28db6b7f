"""How long questions and answers are kept, in words, and the form that changes it."""

import streamlit as st

from core import monitor
from pages.ui.errors import error_frame
from pages.ui.state import person, prefill, project, store

USUAL_DAYS = 90


def say_retention(days: int | None) -> str:
    """Return for how long questions are kept, as a sentence."""
    if days is None:
        return "Every question and its answer is kept for ever."
    return f"Questions and answers are deleted after {days:,} {'day' if days == 1 else 'days'}."


def retention_form(*, key: str) -> None:
    """Draw what holds at present and the form that changes it."""
    days = monitor.retention_days(store(), project().id)
    prefill(f"{project().id}_{days}", **{f"{key}_limited": days is not None, f"{key}_days": days or USUAL_DAYS})
    with st.expander("How long questions are kept", icon=":material/auto_delete:", key=f"{key}_retention"):
        st.markdown(say_retention(days))
        st.caption(
            "What is deleted cannot be brought back: no model can learn from it, no accuracy be computed from it, and "
            "a label that comes later finds no question. The counts by the minute stay: traffic and changed questions "
            "remain visible. Tables made of questions and answers stay, too. Alerts are kept for a year after they are "
            "over, what was sent of them for 30 days."
        )
        limited = st.toggle("Delete old questions", key=f"{key}_limited")
        chosen = st.number_input(
            "Days to keep them", 1, monitor.LONGEST_DAYS, key=f"{key}_days", disabled=not limited, width=200
        )
        wanted = int(chosen) if limited else None
        if st.button("Keep to that", key=f"{key}_keep", disabled=wanted == days):
            with error_frame():
                monitor.set_retention(store(), project().id, wanted, by=person())
                st.rerun()
