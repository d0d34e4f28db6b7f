"""Alerts on the screen: what was found then and now, who takes care of it, and what happened to it so far."""

from collections.abc import Mapping
from datetime import timedelta

import streamlit as st

from core import monitor
from core.records import Alert, AlertState, Json, Severity, utc_now
from pages.ui.errors import error_frame
from pages.ui.navigation import link_to
from pages.ui.state import person, project, store
from pages.ui.words import plain, say_ago, say_moment

ICONS: Mapping[Severity, str] = {
    "critical": ":red[:material/error:]",
    "warning": ":orange[:material/warning:]",
    "info": ":blue[:material/info:]",
}
STATES: Mapping[AlertState, str] = {
    "pending": "seen",
    "open": "open",
    "acknowledged": "seen",
    "silenced": "silenced",
    "resolved": "over",
}
SILENCES = {"1 hour": 1, "8 hours": 8, "1 day": 24, "1 week": 168, "30 days": 720}
FIGURES = {
    "n_requests": "Requests",
    "n_refused": "Refused",
    "n_refused_by_rule": "of these, by your own rules",
    "n_errors": "Failed",
    "n_rows": "Rows",
    "n_dropped": "Rows not logged",
    "n_labelled": "Labels",
    "n_waiting": "Questions waiting for a label",
    "value": "Measured",
    "low": "at least",
    "high": "at most",
    "tested_value": "At its test",
    "minimum": "Wanted",
    "share": "Share",
    "weight": "Share of what the model knows",
    "p95_ms": "95 of 100 answers within (ms)",
    "limit_ms": "Allowed (ms)",
    "quiet_minutes": "Minutes of silence",
}
SHARES = ("share", "weight")
MOST_OVER = 20


def show_alerts(*, key: str) -> None:
    """Draw every alert that is not over, with what can be done about it. `key` begins the buttons' keys."""
    alerts = [alert for alert in monitor.list_alerts(store(), project().id) if alert.active]
    for alert in sorted(alerts, key=lambda alert: alert.state != "open"):
        with st.container(border=True, key=f"{key}_alert_{alert.id}"):
            _say_alert(alert)
            _offer_actions(alert, key)
            with st.expander("Evidence and history", icon=":material/history:", key=f"{key}_more_{alert.id}"):
                _show_evidence(alert)
                _show_history(alert)


def show_past_alerts(*, key: str) -> None:
    """Draw the alerts that are over, newest first, each with its history."""
    over = [alert for alert in monitor.list_alerts(store(), project().id) if alert.state == "resolved"]
    if not over:
        return
    # The same title whatever their number: an expander whose title changes closes.
    box = st.expander("Alerts that are over", icon=":material/inventory_2:", key=f"{key}_over", on_change="rerun")
    if box.open:
        with box, error_frame():
            for alert in over[:MOST_OVER]:
                _say_alert(alert)
                _show_history(alert)
                if st.button("Open it again", icon=":material/undo:", key=f"{key}_reopen_{alert.id}"):
                    monitor.reopen_alert(store(), alert.id, by=person(), seen=alert.revision)
                    st.rerun()
            if len(over) > MOST_OVER:
                st.caption(f"The newest {MOST_OVER} are shown.")


def suggest_reason() -> str:
    """Return why one might retrain now: the newest alert that is not over, else empty."""
    alerts = [alert for alert in monitor.list_alerts(store(), project().id) if alert.active]
    return max(alerts, key=lambda alert: alert.opened_at).title if alerts else ""


def _say_alert(alert: Alert) -> None:
    st.markdown(f"{ICONS[alert.severity]} **{plain(alert.title)}** · {say_ago(alert.opened_at)} · {_say_state(alert)}")
    newest = _newest_message(alert)
    st.markdown(plain(newest) if newest == alert.message else f"**Now:** {plain(newest)}")
    if alert.active and alert.quiet_since is not None:
        st.caption(f"Not found any more since {say_ago(alert.quiet_since)}; if it stays away, this ends by itself.")


def _newest_message(alert: Alert) -> str:
    return alert.message if alert.newest is None or alert.state == "resolved" else alert.newest.message


def _say_state(alert: Alert) -> str:
    by = plain(alert.handled_by or "somebody")
    if alert.state == "acknowledged":
        return f":green[seen by {by}]"
    if alert.state == "silenced" and alert.silenced_until is not None:
        return f":gray[silenced by {by} until {say_moment(alert.silenced_until)}]"
    return f":gray[over: {by}]" if alert.state == "resolved" else ":red[open]"


def _offer_actions(alert: Alert, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if alert.state == "open":
            if st.button("I have seen it", icon=":material/done:", key=f"{key}_seen_{alert.id}"):
                with error_frame():
                    monitor.acknowledge_alert(store(), alert.id, by=person(), seen=alert.revision)
                    st.rerun()
        elif st.button("Open it again", icon=":material/undo:", key=f"{key}_reopen_{alert.id}"):
            with error_frame():
                monitor.reopen_alert(store(), alert.id, by=person(), seen=alert.revision)
                st.rerun()
        with st.popover("Silence", icon=":material/notifications_off:", key=f"{key}_quiet_{alert.id}"):
            _silence_form(alert, key)
        with st.popover("It is dealt with", icon=":material/task_alt:", key=f"{key}_end_{alert.id}"):
            _resolve_form(alert, key)
        if not key.startswith("retrain"):
            link_to("retrain", "Think about retraining")


def _silence_form(alert: Alert, key: str) -> None:
    st.markdown("Nobody is told of it for a while. If it is still there then, it opens again.")
    hours = st.selectbox("For how long", list(SILENCES), key=f"{key}_hours_{alert.id}")
    reason = st.text_input("Why", key=f"{key}_quiet_why_{alert.id}", placeholder="It is being repaired", max_chars=300)
    if st.button("Silence it", type="primary", key=f"{key}_silence_{alert.id}"):
        with error_frame():
            until = utc_now() + timedelta(hours=SILENCES[hours])
            monitor.silence_alert(store(), alert.id, by=person(), until=until, reason=reason, seen=alert.revision)
            st.rerun()


def _resolve_form(alert: Alert, key: str) -> None:
    st.markdown("If it is still there in an hour, it opens again.")
    reason = st.text_input("What was done", key=f"{key}_why_{alert.id}", placeholder="The sensor is in again")
    if st.button("Close it", type="primary", key=f"{key}_resolve_{alert.id}"):
        with error_frame():
            monitor.resolve_alert(store(), alert.id, by=person(), reason=reason, seen=alert.revision)
            st.rerun()


def _show_evidence(alert: Alert) -> None:
    if _newest_message(alert) != alert.message:
        st.markdown(f"**When it opened:** {plain(alert.message)}")
    now = alert.newest.figures if alert.newest else alert.evidence
    names = [name for name in FIGURES if name in alert.evidence or name in now]
    lines = [
        (FIGURES[name], _say_figure(name, alert.evidence.get(name)), _say_figure(name, now.get(name))) for name in names
    ]
    lines += _column_lines(alert.evidence, now)
    if lines:
        head = ("What was found", f"When it opened, {say_moment(alert.opened_at)}", "Last")
        st.table(
            [dict(zip(head, (plain(part) for part in line), strict=True)) for line in lines],
            alt="The figures behind this alert, when it opened and last",
            hide_index=True,
        )


def _column_lines(then: Json, now: Json) -> list[tuple[str, str, str]]:
    """Return a line a column: how far it has moved (PSI), or which share of its values is missing or unknown."""
    before, after = ({column["name"]: column for column in figures.get("columns", ())} for figures in (then, now))
    return [
        (f"Column {name}", _say_column(before.get(name)), _say_column(after.get(name))) for name in {**before, **after}
    ]


def _say_column(column: Json | None) -> str:
    if column is None:
        return "not found"
    if "psi" in column:
        return "changed" if column["psi"] is None else f"changed, PSI {column['psi']:.2g}"
    return f"{column['now']:.1%} missing or unknown"


def _say_figure(name: str, value: object) -> str:
    if value is None:
        return "–"
    if name in SHARES and isinstance(value, float):
        return f"{value:.1%}"
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _show_history(alert: Alert) -> None:
    for change in monitor.alert_history(store(), alert.id):
        step = "opened" if change.before is None else f"{STATES[change.before]} → {STATES[change.after]}"
        why = f": {plain(change.reason)}" if change.reason else ""
        st.caption(f"{say_moment(change.changed_at)} · {step} by {plain(change.changed_by)}{why}")
