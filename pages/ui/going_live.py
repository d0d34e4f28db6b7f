"""How an approved version goes live: at once, to a share first, silently first, or at a time; each said plainly."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import streamlit as st

from core import deploy
from core.records import Deployment, ModelVersion, Rules, utc_now
from pages.ui.errors import error_frame
from pages.ui.release import name_model, swap_button
from pages.ui.state import person, prefill, project, store
from pages.ui.words import plain

AT_ONCE, SHARE, SILENT, LATER = "At once", "A share first", "Silently first", "At a time"
SHARES = (1, 5, 10, 25, 50, 75)
SPANS = {"15 minutes": 15, "1 hour": 60, "6 hours": 360, "1 day": 1_440, "1 week": 10_080}
TIMES_MS = (10, 20, 50, 100, 200, 500, 1_000, 5_000)


def going_live_form(approved: list[ModelVersion], live: ModelVersion | None, *, key: str) -> None:
    """Draw which version, how, what then happens and how it is undone, and one button.

    Parameters
    ----------
    approved : list of ModelVersion
        What can go live; not empty.
    live : ModelVersion or None
        What is live now. The first version goes live at once: there is nothing it could stand beside.
    key : str
        Begins the keys of the fields.
    """
    chosen = approved[0]
    if len(approved) > 1:
        chosen = st.selectbox("Which version", approved, format_func=name_model, key=f"{key}_version")
    st.markdown(f"**{name_model(chosen)}**, approved by {plain(chosen.approved_by or 'nobody')}.")
    how = AT_ONCE
    if live is not None:
        captions = [
            "It answers everything from now on.",
            f"It answers some questions, version {live.number} the others.",
            "It is asked everything, and nobody gets its answers.",
            "It goes live by itself, then.",
        ]
        how = st.radio("How it goes live", (AT_ONCE, SHARE, SILENT, LATER), captions=captions, key=f"{key}_how")
    act, label, sentence = CHOICES[how](chosen, live, key)
    st.markdown(sentence)
    if swap_button(label, ":material/rocket_launch:", key=f"{key}_promote"):
        with error_frame(), st.spinner("Checking its files ..."):
            act(st.session_state[f"{key}_promote_seen"])
            st.rerun()


Act = Callable[[int], Deployment]
Choice = tuple[Act, str, str]


def _at_once(model: ModelVersion, live: ModelVersion | None, key: str) -> Choice:
    rules = _rules(key) if live else None
    undo = (
        f"To undo it, go back to version {live.number} with the button at the top."
        if live
        else "You can replace it by another one later."
    )

    def act(seen: int) -> Deployment:
        return deploy.promote_model(store(), model.id, by=person(), seen_generation=seen, rules=rules)

    return act, "Make it live", f"Within a second, version {model.number} answers every question. {undo}"


def _to_a_share(model: ModelVersion, _live: ModelVersion | None, key: str) -> Choice:
    prefill(model.id, **{f"{key}_share": 10})
    share = st.select_slider("Of 100 questions it answers", SHARES, key=f"{key}_share")
    rules = _rules(key)

    def act(seen: int) -> Deployment:
        return deploy.start_canary(store(), model.id, share=share / 100, by=person(), seen_generation=seen, rules=rules)

    return (
        act,
        "Give it a share",
        (
            f"{share} of 100 callers meet version {model.number}, always the same ones. Where it cannot answer, the "
            "live version does. To undo it, stop the share: from then on nobody meets it any more."
        ),
    )


def _silently(model: ModelVersion, _live: ModelVersion | None, _key: str) -> Choice:
    def act(seen: int) -> Deployment:
        return deploy.start_shadow(store(), model.id, by=person(), seen_generation=seen)

    return (
        act,
        "Ask it silently",
        (
            f"Version {model.number} is asked what the live one is asked, and its answers are only compared. No caller "
            "notices anything, so there is nothing to undo. You can stop it at any time."
        ),
    )


def _at_a_time(model: ModelVersion, _live: ModelVersion | None, key: str) -> Choice:
    soon = (utc_now() + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    prefill(model.id, **{f"{key}_at": soon + timedelta(hours=1)})
    at: datetime | None = st.datetime_input("When (UTC)", key=f"{key}_at")
    rules = _rules(key)

    def act(seen: int) -> Deployment:
        moment = at.replace(tzinfo=UTC) if at else utc_now()
        return deploy.schedule_promotion(store(), model.id, at=moment, by=person(), seen_generation=seen, rules=rules)

    return (
        act,
        "Plan it",
        (
            f"At that time version {model.number} goes live, unless somebody changes what is live before. You can take "
            "the plan back until then, and go back afterwards."
        ),
    )


CHOICES: dict[str, Callable[[ModelVersion, ModelVersion | None, str], Choice]] = {
    AT_ONCE: _at_once,
    SHARE: _to_a_share,
    SILENT: _silently,
    LATER: _at_a_time,
}


def _rules(key: str) -> Rules | None:
    """Draw what the version is watched for; None when it is not."""
    if not st.toggle("Watch it, and take it back by itself when it breaks a rule", key=f"{key}_watch"):
        return None
    prefill(project().id, **{f"{key}_span": "1 hour", f"{key}_unanswered": 5, f"{key}_objective": True})
    with st.container(border=True):
        span = st.selectbox("For how long", list(SPANS), key=f"{key}_span")
        unanswered = st.number_input(
            "At most so many of 100 requests without an answer", 0, 50, key=f"{key}_unanswered", step=1
        )
        slow = st.selectbox(
            "95 of 100 answers within",
            TIMES_MS,
            index=None,
            placeholder="no rule",
            key=f"{key}_slow",
            format_func=lambda ms: f"{ms:,} ms",
        )
        objective = st.checkbox(
            "It stays as right as the plan wants it, once the truth arrives", key=f"{key}_objective"
        )
    return Rules(
        minutes=SPANS[span],
        max_unanswered=int(unanswered) / 100,
        max_latency_p95_ms=float(slow) if slow else None,
        keep_objective=objective,
    )
