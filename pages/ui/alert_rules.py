"""When people are called: each rule in a sentence, switched off and on, changed, and tried on the past first."""

from collections import Counter

import streamlit as st

from core import charts, monitor, plan
from core.records import AlertKind, AlertRule, Objective, Rehearsal
from pages.ui.errors import error_frame
from pages.ui.state import person, project, store
from pages.ui.words import plain, say_moment

SCALES = {"share": (100.0, "Limit, in percent"), "milliseconds": (1.0, "Limit, in milliseconds")}
MINUTES = (1.0, "Limit, in minutes")
DAYS_BACK = 30


@st.fragment
def show_rules(*, key: str) -> None:
    """Draw the rules of the project, on their own: what is tried here must not draw the page again.

    `key` begins the widgets' keys.
    """
    box = st.expander("When you are called", icon=":material/rule:", key=f"{key}_rules", on_change="rerun")
    if not box.open:
        return
    with box, error_frame():
        st.caption("These rules exist by themselves. Alerts appear here, and go to the channels that want them.")
        objective = plan.current_objective(store(), project().id)
        n_changes = Counter(rule.kind for rule in store().find(AlertRule, project_id=project().id))
        for rule in monitor.list_rules(store(), project().id):
            _show_rule(rule, objective, f"{key}_rule_{rule.kind}_{n_changes[rule.kind]}")


def _show_rule(rule: AlertRule, objective: Objective, key: str) -> None:
    kind = monitor.RULES[rule.kind]
    with st.container(border=True, key=f"{key}_box"):
        st.toggle(f"**{kind.title}**", value=rule.enabled, key=f"{key}_on", on_change=_switch, args=(rule.kind, key))
        st.markdown(monitor.say_rule(rule, objective) if rule.enabled else "Switched off.")
        if rule.created_by != "Full Circle":
            st.caption(f"Changed by {plain(rule.created_by)} on {say_moment(rule.created_at)}.")
        with st.container(horizontal=True):
            with st.popover("Change", icon=":material/tune:", key=f"{key}_change"):
                _change_form(rule, key)
            tried = rule.kind in monitor.REHEARSED and st.button(
                "Try it on the past", icon=":material/history_toggle_off:", key=f"{key}_try"
            )
        if tried:
            _show_rehearsal(_rehearse(rule, key))


def _switch(kind: AlertKind, key: str) -> None:
    monitor.change_rule(store(), project().id, kind, by=person(), enabled=bool(st.session_state[f"{key}_on"]))


def _change_form(rule: AlertRule, key: str) -> None:
    kind = monitor.RULES[rule.kind]
    scale, label = SCALES.get(kind.unit or "", MINUTES)
    limit: float | None = None
    if kind.unit is None:
        st.caption("Its limit is what the plan wants and what the test showed.")
    else:
        limit = st.number_input(
            label,
            kind.lowest * scale,
            kind.highest * scale,
            None if rule.threshold is None else rule.threshold * scale,
            key=f"{key}_limit",
            format="%g",
            placeholder="As the plan says",
        )
    patience = st.number_input(
        "Minutes it must last before you are called", 0, 1_440, rule.patience_minutes, key=f"{key}_wait"
    )
    threshold = None if limit is None else limit / scale
    wish = AlertRule(rule.project_id, rule.kind, True, threshold, int(patience), person())
    if rule.kind in monitor.REHEARSED and st.button(
        "Try it on the past first", icon=":material/history_toggle_off:", key=f"{key}_try_change"
    ):
        with error_frame():
            _show_rehearsal(_rehearse(wish, f"{key}_wish"))
    if st.button("Keep to that", type="primary", key=f"{key}_keep"):
        with error_frame():
            monitor.change_rule(
                store(), project().id, rule.kind, by=person(), threshold=threshold, patience_minutes=int(patience)
            )
            st.rerun()


def _rehearse(rule: AlertRule, key: str) -> Rehearsal:
    """Look at the past with a bar that fills; a click on Stop, or on anything else here, ends it at its next step."""
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="bottom"):
        bar = st.progress(0.0, "Looking at the past ...")
        st.button("Stop", icon=":material/stop_circle:", key=f"{key}_stop")
    try:
        return monitor.rehearse_rule(
            store(), project().id, rule, days=DAYS_BACK, report=lambda share: bar.progress(share, "Looking at the past")
        )
    finally:
        place.empty()


def _show_rehearsal(rehearsal: Rehearsal) -> None:
    st.markdown(plain(rehearsal.sentence))
    if rehearsal.moments:
        st.plotly_chart(
            charts.rehearsal(rehearsal), config={"displayModeBar": False}, alt=f"The past: {rehearsal.sentence}"
        )
