"""Deploy: from a tested model to one that answers questions, in three steps; what is live; and the way back."""

import streamlit as st

from core import deploy, records, serve
from pages import ui
from pages.ui import keys, release, rules, take_away, try_it

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
address = serve.service_address(store)
if live is None:
    st.info(
        "Three steps make a tested model answer questions.", title="Nothing is live yet", icon=":material/sensors_off:"
    )
else:
    release.show_live(live)
    ui.say_version(live.dataset_id, "It learned from", stage="prepare")

waiting = [model for model in models if model.status == "registered"]
releases = store.find(records.Release, project_id=project.id)
was_live = {entry.model_version_id for entry in releases}
approved = [model for model in models if model.status == "approved" and model.id not in was_live]
job = ui.newest_job("register")


def show_steps() -> None:
    st.subheader("Make a model live")
    ui.show_job(job, title="Handing in")
    first, second, third = st.columns(3, border=True)
    with first:
        st.markdown("**1 · Hand in** a tested model")
        handed_in = {model.evaluation_id for model in models}
        open_results = {words: result for words, result in evaluated.items() if result.id not in handed_in}
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
    with third:
        st.markdown("**3 · Go live**")
        if not approved:
            st.caption("No approved model waits to go live.")
        else:
            chosen = approved[0]
            if len(approved) > 1:
                chosen = st.selectbox("Which", approved, format_func=release.name_model, key="deploy_version")
            release.promote_button(chosen, key="deploy_promote")


def show_trial(model: records.ModelVersion) -> None:
    st.subheader("Try it")
    if address is None:
        st.warning(
            "The model is live, but the service that answers questions is not running.", icon=":material/power_off:"
        )
        if st.button("Start the prediction service", icon=":material/power:", key="deploy_start_service"):
            with st.spinner("Starting the service ..."):
                serve.start_service(store)
            st.rerun()
    else:
        try_it.say_service(address)
        prototype = deploy.load_prototype(store, model.id)
        row = try_it.prototype_form(prototype, model.id, key="deploy_try")
        if row is not None:
            with serve.ServiceClient(address, key=deploy.internal_key(store)) as client:
                answer = client.predict(project.slug, [row])
            try_it.show_answer(answer["predictions"][0], target=prototype.target)
        with st.expander("Ask from another program", icon=":material/code:"):
            shown = row or serve.example_row(prototype)
            with_key = deploy.needs_key(store, project.id)
            st.caption("The same question from a command line, and from Python:")
            if with_key:
                st.caption("They take your key from the environment: `export FULL_CIRCLE_KEY=fc_...`")
            curl = serve.curl_snippet(address, project.slug, shown, with_key=with_key)
            st.code(curl, language="bash", wrap_lines=True)
            program = serve.python_snippet(address, project.slug, shown, with_key=with_key)
            st.code(program, language="python", wrap_lines=True)


decided = live is not None and not waiting and not approved
if decided:
    show_trial(live)
show_steps()
if live is not None and not decided:
    show_trial(live)

if live is not None:
    rules.show_rules(live)
if releases:
    release.show_history(models, releases)
if len(releases) > 1:
    release.roll_back_button(key="deploy_roll_back")
take_away.show_take_away(models, key="deploy_take_away")
if models:
    keys.show_keys()
