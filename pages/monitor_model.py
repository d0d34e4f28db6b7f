"""Monitor: how the live model is used, whether its questions have changed, and whether it is still right."""

import streamlit as st

from core import collect, deploy, monitor, serve
from pages import ui
from pages.ui import alert_rules, alerts, channels, health, live, overview, quality, receipt, replay, retention
from pages.ui import drift as drift_panel

store = ui.store()
project = ui.project()
model = deploy.live_model(store, project.id)
if model is None:
    ui.stop_missing("No model is live yet.", "There is something to watch once a model is live.", stage="deploy")

job = ui.newest_job("replay")
busy = job is not None and job.active
stream = collect.current_stream(store, project.id)
# Windows stay when old questions are deleted.
was_asked = bool(store.log.windows(project.id, newest=1, with_bins=False)) or store.log.coverage(project.id)[0] > 0

with st.expander(
    "Play kept-back rows as live questions", expanded=job is None, icon=":material/play_circle:", key="monitor_replay"
):
    if stream is None:
        st.caption("This project has no rows kept back to play. They can be set aside on Collect data.")
        ui.link_to("collect")
    elif serve.service_address(store) is None:
        st.caption("The prediction service is not running, so nobody could answer.")
        ui.link_to("deploy", "Start it on Deploy model")
    else:
        replay.replay_form(stream, busy=busy)
ui.show_job(job, title="Playing kept-back rows")

if not was_asked:
    st.caption("No question has been asked yet. Traffic, changed questions and accuracy will appear here.")
    alert_rules.show_rules(key="monitor")
    channels.show_channels(key="monitor")
    retention.retention_form(key="monitor")
    st.stop()


@st.fragment(run_every=3 if busy else 15)
def show_live() -> None:
    with ui.error_frame():
        decided = overview.what_is_decided(project.id)
        told = overview.recent_overview(*decided)
        overview.show_standing(told)
        alerts.show_alerts(key="monitor")
        overview.show_figures(told)
        st.subheader("Is it still right?")
        quality.show_quality(told.performance, told.estimate, told.worth)
        overview.show_history(told, decided)
        drift_panel.show_drift(told.drift)
        drift_panel.show_input_quality(monitor.quality(store, project.id))
        live.show_traffic(monitor.traffic(store, project.id, since=live.chosen_since()))


show_live()
ui.link_to("wall", "Show it on a big screen")
quality.show_slices(key="monitor")
quality.label_form(key="monitor")
health.show_health(key="monitor")
alerts.show_past_alerts(key="monitor")
alert_rules.show_rules(key="monitor")
channels.show_channels(key="monitor")
receipt.receipt_form(key="monitor")
retention.retention_form(key="monitor")
