"""Monitor: how the live model is used, whether its questions have changed, and whether it is still right."""

import streamlit as st

from core import deploy, monitor
from pages import ui
from pages.ui import alert_rules, alerts, channels, health, live, overview, quality, receipt, retention, simulate
from pages.ui import drift as drift_panel

store = ui.store()
project = ui.project()
model = deploy.live_model(store, project.id)
if model is None:
    ui.stop_missing("No model is live yet.", "There is something to watch once a model is live.", stage="deploy")

# The first screen says how the model stands; what plays a world for it comes after.
first = st.container()
busy = simulate.show_world(model)
# Windows stay when old questions are deleted.
was_asked = bool(store.log.windows(project.id, newest=1, only=()))

if not was_asked:
    with first:
        st.info(
            "Play a live world below, or let a program ask it: Deploy model shows how. How much it is asked, whether "
            "the questions change, and how right it is will appear here.",
            title="It is live, but nobody has asked it anything yet.",
            icon=":material/hourglass_empty:",
        )
        ui.link_to("deploy", "How a program asks it")
    alert_rules.show_rules(key="monitor")
    channels.show_channels(key="monitor")
    retention.retention_form(key="monitor")
    st.stop()


@st.fragment(run_every=3 if busy else 15)
def show_live() -> None:
    with ui.error_frame():
        decided = overview.what_is_decided(project.id)
        told = overview.recent_overview(decided)
        overview.show_standing(told)
        alerts.show_alerts(key="monitor")
        overview.show_figures(told)
        st.subheader("Is it still right?")
        quality.show_quality(told.performance, told.estimate, told.worth)
        overview.show_history(told, decided)
        drift_panel.show_drift(told.drift)
        drift_panel.show_input_quality(overview.recent_input_quality(decided))
        live.show_traffic(monitor.traffic(store, project.id, since=live.chosen_since()))


with first:
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
