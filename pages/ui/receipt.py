"""The receipt of one answer: found by its id, told in sentences, computed again, and taken away as a file."""

import streamlit as st

from core import serve
from core.records import EarlierLabel, LabelRecord, Receipt, Recomputed, Referral
from core.store import record_to_json
from pages.ui.errors import error_frame
from pages.ui.release import name_model
from pages.ui.rules import say_rules
from pages.ui.state import project, store
from pages.ui.words import plain, say_moment


def receipt_form(*, key: str) -> None:
    """Draw the field for a prediction id and what is known about that answer."""
    with st.expander("Receipt for a prediction id", icon=":material/receipt_long:", key=f"{key}_receipt"):
        st.caption("Every answer carries an id. With it, everything that led to the answer can be looked up.")
        prediction_id = st.text_input("Prediction id", key=f"{key}_receipt_id", placeholder="18eaeec9e82ff916410abeb3")
        if not prediction_id.strip():
            return
        with error_frame():
            receipt = serve.find_receipt(store(), prediction_id, project_id=project().id)
            _show(receipt)
            if st.button("Compute it again", icon=":material/replay:", key=f"{key}_recompute"):
                with st.spinner("Asking the same model version again ..."):
                    _show_again(serve.recompute(store(), receipt))
            st.download_button(
                "Download the receipt",
                record_to_json(receipt),
                f"receipt-{receipt.prediction.id}.json",
                "application/json",
                icon=":material/download:",
                key=f"{key}_receipt_download",
            )


def _show(receipt: Receipt) -> None:
    asked, model = receipt.prediction, receipt.model
    by = "replayed as a test" if asked.simulated else "asked by a program or a person"
    said = "kept, not sent" if asked.abstained else "answered"
    st.markdown(
        f"**{plain(receipt.target)}: {plain(str(asked.prediction))}**, {said} {say_moment(asked.predicted_at)} "
        f"within {asked.latency_ms:,.1f} ms; {by}."
    )
    if asked.probabilities:
        chances = ", ".join(f"{plain(name)} {100 * chance:.1f} %" for name, chance in asked.probabilities.items())
        usual = "The class with the highest chance is its answer."
        rule = plain(receipt.threshold.sentence) if receipt.threshold else usual
        st.markdown(f"Chances it gave: {chances}. {rule}")
    if receipt.referral is not None:
        st.markdown(plain(_say_referral(receipt.referral)))
    st.markdown(f"Rules in force: {say_rules(receipt.rules) if receipt.rules else 'none were set.'}")
    st.markdown(_say_label(receipt))
    for earlier in receipt.earlier_labels:
        st.caption(
            f"Before that: {plain(str(earlier.value))}, {_say_giver(earlier)} {say_moment(earlier.received_at)}, "
            f"replaced {say_moment(earlier.replaced_at)}."
        )
    st.markdown(_say_model(receipt))
    st.caption(f"What computes: {plain(model.engine_reason)} Digest of the files: `{model.digest}`")
    if receipt.table:
        st.markdown(f"It learned from {plain(receipt.table)}.")
        st.caption(f"Hash of the table: `{receipt.table_sha256}`")
    for warning in receipt.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    st.dataframe(
        [{"Input": name, "Value": "missing" if value is None else str(value)} for name, value in asked.inputs.items()],
        hide_index=True,
        alt="The question, one input a line",
    )
    if receipt.recipe_steps:
        st.markdown("What was done to the question before the model saw it:")
        st.markdown("\n".join(f"1. {plain(step)}" for step in receipt.recipe_steps))


def _say_label(receipt: Receipt) -> str:
    if receipt.label is None:
        return "What was true has not arrived yet."
    right = str(receipt.label.value) == str(receipt.prediction.prediction)
    giver = _say_giver(receipt.label)
    said = f"What was true: **{plain(str(receipt.label.value))}**, {giver} {say_moment(receipt.label.received_at)}"
    if isinstance(receipt.prediction.prediction, float):
        return f"{said}."
    return f"{said}; the answer was {'right' if right else 'wrong'}."


def _say_giver(label: LabelRecord | EarlierLabel) -> str:
    return f"given by {plain(label.given_by or 'a person')}" if label.source == "person" else "said"


def _say_referral(referral: Referral) -> str:
    """Return what became of a row that the model did not answer."""
    why = f"The model did not answer: {' '.join(referral.reasons)}"
    closed = say_moment(referral.closed_at) if referral.closed_at else ""
    became = {
        "waiting": "It waits for a person.",
        "answered": f"{referral.closed_by} answered instead: {referral.answer}, {closed}.",
        "handed_back": f"{referral.closed_by} handed it back without an answer, {closed}.",
        "expired": f"Nobody answered in time; it was closed {closed}.",
    }
    return f"{why} {became[referral.state]}"


def _say_model(receipt: Receipt) -> str:
    model, release = receipt.model, receipt.release
    said = f"**{name_model(model)}** answered. Handed in by {plain(model.requested_by)}"
    said += f", approved by {plain(model.approved_by)}" if model.approved_by else ""
    if release is None:
        return f"{said}."
    how = "given a share of the questions" if release.action == "start_canary" else "made live"
    return f"{said}, {how} by {plain(release.promoted_by)} as release {release.generation}."


def _show_again(again: Recomputed) -> None:
    if again.equal:
        st.success(plain(again.sentence), title="Equal", icon=":material/check_circle:")
    else:
        st.error(plain(again.sentence), title="Not equal", icon=":material/error:")
    if not again.effects:
        st.caption("No single input, set to its typical value, would have changed the answer noticeably.")
        return
    st.markdown("What the inputs did, each compared with its typical value in the training rows:")
    st.markdown("\n".join(f"- {plain(effect.sentence)}" for effect in again.effects))
    st.caption("One input is changed at a time, so inputs that matter only together are not told apart.")
