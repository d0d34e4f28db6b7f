"""Making a model live: handing in, approval by a second person, and the swap of what is live."""

import streamlit as st

from core import deploy, evaluate, train
from core.records import Candidate, Evaluation, ModelVersion
from pages.ui.errors import error_frame
from pages.ui.state import person, project, store
from pages.ui.table_version import name_table
from pages.ui.words import plain, say_ago, say_moment

TITLES = {family.key: family.title for family in train.FAMILIES}


def name_model(model: ModelVersion) -> str:
    """Return what people call a model version: "Version 3 (Random forest)"."""
    return f"Version {model.number} ({TITLES[model.family]})"


def show_live(model: ModelVersion) -> None:
    """Say what is live, since when, by whom, and what computes its answers."""
    deployment = store().releases.current(project().id)
    st.markdown(f"### {name_model(model)} is live")
    st.markdown(
        f"Since {say_moment(deployment.promoted_at)} ({say_ago(deployment.promoted_at)}), "
        f"made live by {plain(deployment.promoted_by)}, approved by {plain(model.approved_by or 'nobody')}."
    )
    say_threshold(model)
    st.caption(f"What computes: {plain(model.engine_reason)}")


def say_threshold(model: ModelVersion) -> None:
    """Say from which chance on a model of two classes says which, and why; nothing for others."""
    evaluation = store().newest(Evaluation, id=model.evaluation_id)
    if evaluation and evaluation.threshold:
        st.caption(plain(f"{evaluation.threshold.sentence} {evaluation.threshold.reason}"))


def register_form(evaluations: dict[str, Evaluation], *, key: str) -> None:
    """Draw the choice of a tested model and hand it in.

    Parameters
    ----------
    evaluations : dict
        What may be handed in, by the words to choose it by.
    key : str
        Begins the keys of the fields.
    """
    with st.form(f"{key}_form", border=False):
        chosen = st.selectbox("Tested model", list(evaluations), key=f"{key}_evaluation")
        if st.form_submit_button("Hand it in", icon=":material/inventory_2:", key=f"{key}_start"):
            with error_frame():
                deploy.start_registration(store(), project().id, evaluation_id=evaluations[chosen].id, by=person())
                st.rerun()
    st.caption("Its files are sealed, so that exactly what was tested, and nothing else, can go live.")


def approve_form(model: ModelVersion, *, key: str) -> None:
    """Ask for a second person's agreement to a model version."""
    evaluation = store().get(Evaluation, model.evaluation_id)
    st.markdown(f"**{name_model(model)}**: {plain(evaluation.verdict.sentence)}")
    say_threshold(model)
    st.caption(
        f"It learned from {name_table(model.dataset_id)}. Handed in by {plain(model.requested_by)}. Somebody else "
        "has to agree: four eyes see more than two, "
        "and nobody should be alone in putting a model to work."
    )
    with st.form(f"{key}_form", border=False):
        suggested = "" if person() in (model.requested_by, "someone") else person()
        name = st.text_input("Name of the person who agrees", value=suggested, max_chars=60, key=f"{key}_name")
        if st.form_submit_button("Approve", icon=":material/approval:", key=f"{key}_approve"):
            with error_frame(), st.spinner("Checking its files ..."):
                deploy.approve_model(store(), model.id, by=name.strip())
                st.rerun()


def promote_button(model: ModelVersion, *, key: str, reason: str = "", label: str = "Make it live") -> None:
    """Draw what is live now and the button that makes `model` live instead, unless somebody else was faster."""
    st.markdown(f"**{name_model(model)}**, approved by {plain(model.approved_by or 'nobody')}.")
    if swap_button(label, ":material/rocket_launch:", key=key):
        with error_frame(), st.spinner("Checking its files and making it live ..."):
            deploy.promote_model(
                store(), model.id, by=person(), seen_generation=st.session_state[f"{key}_seen"], reason=reason
            )
            st.rerun()


def swap_button(label: str, icon: str, *, key: str, main: bool = True) -> bool:
    """Draw a button that remembers, under `<key>_seen`, which release the person was looking at when clicking it."""
    live = store().releases.current(project().id)
    seen = live.generation if live else 0
    kind = "primary" if main else "secondary"
    return st.button(label, icon=icon, key=key, type=kind, on_click=_remember, args=(f"{key}_seen", seen))


def _remember(key: str, generation: int) -> None:
    st.session_state[key] = generation


def list_evaluated() -> dict[str, Evaluation]:
    """Return the project's evaluations, newest first, by the words to choose them by."""
    found = evaluate.list_evaluations(store(), project().id)
    return {_name_evaluation(evaluation): evaluation for evaluation in found}


def _name_evaluation(evaluation: Evaluation) -> str:
    """Return what people choose a tested model by: "Linear model, tested 30 Nov, 23:10, 'yes' from 20 % on"."""
    title = TITLES[store().get(Candidate, evaluation.candidate_id).family]
    threshold = evaluation.threshold
    decides = f", '{threshold.positive_label}' from {100 * threshold.value:.3g} % on" if threshold else ""
    return f"{title}, tested {evaluation.created_at:%d %b, %H:%M}{decides}"
