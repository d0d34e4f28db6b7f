"""Retrain: a new model learns from old and new rows, is measured against the live one, and somebody decides."""

import streamlit as st

from core import charts, deploy, plan, records, retrain
from pages import ui
from pages.ui import alerts, release
from pages.ui.laps import show_laps

store = ui.store()
project = ui.project()
champion = deploy.live_model(store, project.id)
if champion is None:
    ui.stop_missing("No model is live yet.", "There is something to renew once a model is live.", stage="deploy")

n_answered, n_labelled = store.log.coverage(project.id)
job = ui.newest_job("retrain")
busy = job is not None and job.active

alerts.show_alerts(key="retrain")
st.markdown(
    f"**{release.name_model(champion)}** is live. It has answered {ui.count(n_answered, 'row')}; "
    f"the truth is known for **{n_labelled:,}** of them, and a new model can learn from these."
)
ui.say_version(champion.dataset_id, "The live model learned from")
if not n_labelled:
    ui.say_missing("No truth has arrived yet.", "A new model needs live rows whose truth is known.", stage="monitor")
else:
    with st.form("retrain_form", border=False):
        reason = st.text_input("Why now?", value=alerts.suggest_reason(), max_chars=200, key="retrain_reason")
        if st.form_submit_button(
            "Train a new model", type="primary", icon=":material/autorenew:", disabled=busy, key="retrain_start"
        ):
            retrain.start_retraining(store, project.id, reason=reason, by=ui.person())
            st.rerun()
ui.show_job(job, title="Retraining")

challenge = retrain.current_challenge(store, project.id)
if challenge is not None:
    metric = plan.metric(challenge.metric)
    old = store.get(records.ModelVersion, challenge.champion_id)
    new = store.get(records.ModelVersion, challenge.challenger_id)
    st.subheader("The new model against the live one")
    st.markdown(f"#### {ui.plain(challenge.recommendation)}")
    with st.grid(3, min_column_width=200):
        st.metric(
            f"The {'one before' if new.id == champion.id else 'live one'}: {release.name_model(old)}",
            plan.format_value(metric.name, challenge.champion_value),
            border=True,
        )
        st.metric(
            f"The new one: {release.name_model(new)}",
            plan.format_value(metric.name, challenge.challenger_value),
            border=True,
        )
        st.metric("Newest rows it was measured on", f"{challenge.n_rows:,}", border=True)
    ui.say_version(new.dataset_id, "The new one learned from")
    st.caption(f"{metric.label}; {'more' if metric.greater_is_better else 'less'} is better.")
    st.plotly_chart(
        charts.challenge(challenge, metric),
        key="retrain_challenge",
        config={"displayModeBar": False},
        alt=f"Lead of the new model: between {challenge.low:.3g} and {challenge.high:.3g}",
    )
    st.caption("If the bar crosses the line, the difference may be chance.")
    if new.id == champion.id:
        st.success("The new model is live.", icon=":material/check_circle:")
    elif old.id != champion.id:
        st.caption("The model it was measured against is no longer live; train another new model to decide anew.")
    elif new.status == "registered":
        release.approve_form(new, key="retrain_approve")
    elif new.status == "approved":
        release.promote_button(new, key="retrain_promote", reason=challenge.reason)

show_laps(key="retrain")
