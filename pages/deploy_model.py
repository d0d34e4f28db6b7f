"""Deploy: what is live and how it is, how a tested model goes live, trying it, the history, and the way back."""

import streamlit as st

from core import deploy, records, serve
from pages import ui
from pages.ui import beside, files, going_live, keys, live_state, release, release_history, rules, take_away, try_it

store = ui.store()
project = ui.project()
models = deploy.list_models(store, project.id)
evaluated = release.list_evaluated()
if not models and not evaluated:
    ui.stop_missing(
        "There is no tested model yet.",
        "Only models that took their test on Evaluate models can go live.",
        stage="evaluate",
    )

live = deploy.live_model(store, project.id)
deployment = store.releases.current(project.id)
if live is None or deployment is None:
    st.info(
        "Three steps make a tested model answer questions.", title="Nothing is live yet", icon=":material/sensors_off:"
    )
else:
    release.show_live(live)
    ui.say_version(live.dataset_id, "It learned from", stage="prepare")
    live_state.show_state()
    release_history.roll_back_form(key="deploy_roll_back")
    beside.show_beside(deployment)

waiting = [model for model in models if model.status == "registered"]
was_live = {entry.model_version_id for entry in store.find(records.Release, project_id=project.id)}
approved = [model for model in models if model.status == "approved" and model.id not in was_live]
job = ui.newest_job("register")


def show_steps() -> None:
    st.subheader("Make another model live" if live else "Make a model live")
    ui.show_job(job, title="Handing in")
    handed_in = {model.evaluation_id for model in models}
    open_results = {words: result for words, result in evaluated.items() if result.id not in handed_in}
    if not (open_results or waiting or approved or (job is not None and job.active)):
        st.markdown("No other tested model waits. A new one comes from retraining, or from training and a test.")
        with st.container(horizontal=True):
            ui.link_to("retrain")
            ui.link_to("train")
        return
    first, second = st.columns(2, border=True)
    with first:
        st.markdown("**1 · Hand in** a tested model")
        if job is not None and job.active:
            st.caption("One is being handed in.")
        elif open_results:
            release.register_form(open_results, key="deploy_register")
        else:
            st.caption("Every tested model has been handed in.")
    with second:
        st.markdown("**2 · Approve** by another person")
        if not waiting:
            st.caption("Nothing waits for approval.")
        for model in waiting[:1]:
            release.approve_form(model, key="deploy_approve")
    with st.container(border=True):
        st.markdown("**3 · Go live**")
        if approved:
            going_live.going_live_form(approved, live, key="deploy")
        else:
            st.caption("No approved model waits to go live.")


def show_trial(model: records.ModelVersion) -> None:
    st.subheader("Try it")
    address = serve.service_address(store)
    if address is None:
        st.caption("It can be tried as soon as the prediction service runs.")
        return
    prototype = deploy.load_prototype(store, model.id)
    row = try_it.prototype_form(prototype, model.id, key="deploy_try")
    if row is not None:
        with serve.ServiceClient(address, key=deploy.internal_key(store)) as client:
            answer = client.predict(project.slug, [row])
        try_it.show_answer(answer["predictions"][0], target=prototype.target, number=answer.get("model_version"))
    try_it.show_snippets(address, row or serve.example_row(prototype))


def show_asking(model: records.ModelVersion) -> None:
    show_trial(model)
    files.show_files(model)


decided = live is not None and not waiting and not approved
if decided:
    show_asking(live)
show_steps()
if live is not None and not decided:
    show_asking(live)

if live is not None:
    rules.show_rules(live)
release_history.show_history(key="deploy")
take_away.show_take_away(models, key="deploy_take_away")
if models:
    keys.show_keys()
