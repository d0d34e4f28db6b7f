"""What was live, and when: a timeline, sentences, and the way back to any earlier version."""

from collections.abc import Mapping

import streamlit as st

from core import charts, deploy
from core.records import ModelVersion, ReleaseEvent, utc_now
from pages.ui.errors import error_frame
from pages.ui.release import name_model, swap_button
from pages.ui.state import person, project, store
from pages.ui.table_version import name_table
from pages.ui.words import plain, say_moment

MOST_SHOWN = 6
CLEAN = {"displayModeBar": False}


def show_history(*, key: str) -> None:
    """Draw the timeline and the changes in words, newest first; nothing before the first release."""
    history = deploy.release_history(store(), project().id)
    if not history.events:
        return
    st.subheader("What was live, and when")
    st.plotly_chart(
        charts.releases(history, now=utc_now()),
        key=f"{key}_timeline",
        config=CLEAN,
        alt="Which version was live, answered a share or was asked silently, over time",
    )
    tables = {model.number: name_table(model.dataset_id) for model in deploy.list_models(store(), project().id)}
    newest = list(reversed(history.events))
    for event in newest[:MOST_SHOWN]:
        _tell(event, tables)
    if len(newest) > MOST_SHOWN:
        with st.expander(f"{len(newest) - MOST_SHOWN:,} earlier changes", key=f"{key}_earlier"):
            for event in newest[MOST_SHOWN:]:
                _tell(event, tables)


def _tell(event: ReleaseEvent, tables: Mapping[int, str]) -> None:
    sentence = event.sentence[:1].upper() + event.sentence[1:]
    learned = f" Version {event.number} learned from {tables[event.number]}." if event.number in tables else ""
    st.markdown(f"**{say_moment(event.at)}** · {plain(sentence)}. By {plain(event.by)}.{learned}")
    if event.reason:
        st.caption(plain(event.reason))


def roll_back_form(*, key: str) -> None:
    """Draw the way back to any earlier version, with one more click to make sure; nothing while there is none."""
    earlier = deploy.earlier_versions(store(), project().id)
    if not earlier:
        return
    with st.popover("Go back to an earlier version", icon=":material/undo:", key=f"{key}_ask"):
        chosen: ModelVersion = earlier[0]
        if len(earlier) > 1:
            chosen = st.selectbox("Which", earlier, format_func=name_model, key=f"{key}_version")
        st.markdown(
            f"Within a second, **{name_model(chosen)}** answers every question again. A share, a plan and a watch end "
            "with it. You can make the present version live again in the same way."
        )
        reason = st.text_input("Why? It is kept in the history.", max_chars=200, key=f"{key}_reason")
        if swap_button("Go back now", ":material/undo:", key=key):
            with error_frame(), st.spinner("Checking its files and making it live again ..."):
                deploy.roll_back(
                    store(),
                    project().id,
                    by=person(),
                    seen_generation=st.session_state[f"{key}_seen"],
                    to_id=chosen.id,
                    reason=reason.strip(),
                )
                st.rerun()
