"""Review: the project on one screen, for the person who decides."""

import streamlit as st

from core import report
from pages import ui
from pages.ui.checks import say_open_problems

BOXES = {"met": st.success, "not_met": st.error, "not_enough_data": st.warning}
ALARMS = {"critical": st.error, "warning": st.warning}
"""An open alert outdoes the test: what passed it may fail by now."""

project = ui.project()
summary = report.summarise_project(ui.store(), project.id)
box = ALARMS.get(summary.alarm) or BOXES.get(summary.outcome, st.info)
box(ui.plain(summary.headline), title=project.name, icon=":material/gavel:")

say_open_problems()
if summary.decisions:
    st.subheader("Waiting for somebody to decide")
    for decision in summary.decisions:
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(ui.plain(decision.sentence))
            ui.link_to(decision.stage)


def show_fact(fact: report.Fact) -> None:
    with st.container(border=True, height="stretch", key=f"review_{fact.key}"):
        st.caption(fact.title)
        st.markdown(f"**{ui.plain(fact.sentences[0])}**")
        for sentence in fact.sentences[1:]:
            st.markdown(ui.plain(sentence))


show_fact(summary.facts[0])
with st.grid(2, min_column_width=340):
    for fact in summary.facts[1:]:
        show_fact(fact)
