"""When the model should not decide alone: the owner's rules, tried on the test rows before they are used."""

from dataclasses import replace
from datetime import timedelta

import streamlit as st

from core import charts, deploy
from core.records import DryRun, ModelVersion, Prototype, ServingRules, new_id, utc_now
from pages.ui.errors import error_frame
from pages.ui.frame import run_again
from pages.ui.navigation import link_to
from pages.ui.state import person, prefill, project, store
from pages.ui.words import plain, say_ago

KEY = "deploy_rules"
USUAL_CONFIDENCE = 80
USUAL_SHARE = 0.01
USUAL_HOURS = 24
WORDS = {"warn": "answer, with a warning", "refuse": "refuse"}
DAY = timedelta(days=1)


@st.cache_data(max_entries=20, show_spinner=False)
def _dry_run_of(model_version_id: str) -> DryRun | None:
    return deploy.load_dry_run(store(), model_version_id)


def show_rules(model: ModelVersion) -> None:
    """Draw which rules hold, and the form that tries others on the test rows and sets them."""
    rules = deploy.current_rules(store(), project().id)
    st.subheader("When should it not decide alone?")
    st.markdown(say_rules(rules))
    n_waiting = deploy.n_waiting(store(), project().id)
    if rules.abstains or n_waiting:
        link_to("answer", f"Rows that wait for a person: {n_waiting:,}")
    with st.expander("Change the rules", icon=":material/rule:", key=KEY), error_frame():
        _show_form(model, rules)


def say_rules(rules: ServingRules) -> str:
    """Return the rules that hold as sentences."""
    said = deploy.say_rules(rules, held_back="A person decides")
    if not said:
        return "It answers every row that it can read. Rules can hand over to a person what it should not decide alone."
    if rules.abstains and rules.expire_after_hours is not None:
        said.append(f"A row waits for {rules.expire_after_hours:,} h at most.")
    by = f"Set by {plain(rules.created_by)} {say_ago(rules.created_at)}."
    return f"{plain(' '.join(said))} {by}"


def _show_form(model: ModelVersion, rules: ServingRules) -> None:
    prototype, reference = deploy.load_prototype(store(), model.id), deploy.load_reference(store(), model.id)
    prefill(f"{project().id}_{rules.id if rules.created_by != 'someone' else 'none'}_{model.id}", **_begin_with(rules))
    left, right = st.columns(2, gap="large")
    with left:
        wanted = _choose(rules, prototype, reference.surprise)
    with right:
        _show_trial(model, wanted)
        changed = replace(wanted, id=rules.id, created_at=rules.created_at, created_by=rules.created_by) != rules
        if st.button("Use these rules", type="primary", icon=":material/rule:", key=f"{KEY}_use", disabled=not changed):
            deploy.set_rules(store(), wanted, model_version_id=model.id)
            run_again("The service follows within about a second.")


def _begin_with(rules: ServingRules) -> dict[str, object]:
    return {
        f"{KEY}_unknown": rules.unknown_category,
        f"{KEY}_range": rules.out_of_range,
        f"{KEY}_unsure": rules.least_confidence is not None,
        f"{KEY}_confidence": round(100 * (rules.least_confidence or USUAL_CONFIDENCE / 100)),
        f"{KEY}_unlike": rules.unlike_share is not None,
        f"{KEY}_share": rules.unlike_share or USUAL_SHARE,
        f"{KEY}_needed": list(rules.needed_columns),
        f"{KEY}_expires": rules.expire_after_hours is not None,
        f"{KEY}_hours": rules.expire_after_hours or USUAL_HOURS,
    }


def _choose(rules: ServingRules, prototype: Prototype, surprise: tuple[float | None, ...]) -> ServingRules:
    """Draw one field a rule and return the rules as they are chosen."""
    st.markdown("**What it has never seen**")
    unknown = st.radio("A category", list(WORDS), format_func=WORDS.get, key=f"{KEY}_unknown", horizontal=True)
    outside = st.radio("A number out of range", list(WORDS), format_func=WORDS.get, key=f"{KEY}_range", horizontal=True)
    st.markdown("**A person decides ...**")
    return replace(
        rules,
        id=new_id(),
        created_at=utc_now(),
        created_by=person(),
        unknown_category=unknown,
        out_of_range=outside,
        least_confidence=_choose_confidence(prototype),
        unlike_share=_choose_share(surprise),
        needed_columns=_choose_columns(prototype),
        expire_after_hours=_choose_hours(),
    )


def _choose_confidence(prototype: Prototype) -> float | None:
    if not prototype.classes:
        st.caption("This model gives a number and does not say how sure it is, so no rule can go by that.")
        return None
    unsure = st.toggle("when it is not sure enough", key=f"{KEY}_unsure")
    confidence = st.slider(
        "Sure in at least so many of 100",
        1,
        100,
        key=f"{KEY}_confidence",
        disabled=not unsure,
        help="How likely its own answer must be, as the model sees it.",
    )
    threshold = prototype.threshold
    if unsure and threshold and not threshold.is_likelier_class:
        st.caption(plain(f"{threshold.sentence} How sure it is then is the chance of the answer it gives, low or not."))
    return confidence / 100 if unsure else None


def _choose_share(surprise: tuple[float | None, ...]) -> float | None:
    known = [share for share, most in zip(deploy.UNLIKE_SHARES, surprise, strict=False) if most is not None]
    if not known:
        st.caption(
            "Whether a row is unlike the training rows is not known for this version: it was handed in before that "
            "was measured, or had fewer than ten test rows."
        )
        return None
    if st.session_state[f"{KEY}_share"] not in known:
        st.session_state[f"{KEY}_share"] = known[0]
    unlike = st.toggle("when a row is unlike those it learned from", key=f"{KEY}_unlike")
    share = st.select_slider(
        "Usual rows that are held back with them",
        known,
        format_func=deploy.say_unlike,
        key=f"{KEY}_share",
        disabled=not unlike,
        help="Measured on test rows: of 100 rows like the training rows, so many are held back, too. The more, the "
        "less unusual a row needs to be.",
    )
    return share if unlike else None


def _choose_columns(prototype: Prototype) -> tuple[str, ...]:
    optional = [column.name for column in prototype.columns if not column.required]
    if not optional:
        st.caption("A row with any value missing is refused already: the training rows had no gaps.")
        return ()
    chosen = st.multiselect(
        "when a value is missing in", optional, key=f"{KEY}_needed", format_func=plain, placeholder="no column"
    )
    return tuple(chosen)


def _choose_hours() -> int | None:
    limited = st.toggle("Rows wait only for some time", key=f"{KEY}_expires")
    hours = st.number_input("Hours", 1, 8760, key=f"{KEY}_hours", disabled=not limited, width=160)
    return int(hours) if limited else None


def _show_trial(model: ModelVersion, wanted: ServingRules) -> None:
    """Say what the rules would have done with the test rows."""
    st.markdown("**What these rules would have done**")
    dry_run = _dry_run_of(model.id)
    if dry_run is None:
        st.caption("This version was handed in before that was measured. The rules can be set all the same.")
        return
    trial = deploy.try_rules(dry_run, wanted)
    st.markdown(plain(trial.sentence))
    for sentence in trial.sentences:
        st.markdown(f"- {plain(sentence)}")
    since = utc_now() - DAY
    n_rows = sum(window.n_rows for window in store().log.windows(project().id, since=since, only=()))
    if n_rows and trial.n_abstained:
        held = n_rows * trial.n_abstained / trial.n_rows
        st.caption(f"At the traffic of the last day ({n_rows:,} rows), about {held:,.0f} rows a day would wait.")
    if trial.curve is not None:
        st.plotly_chart(
            charts.risk_coverage(trial), key=f"{KEY}_curve", config={"displayModeBar": False}, alt=plain(trial.sentence)
        )
    st.caption(f"Tried on {dry_run.n_rows:,} test rows, which the model has not learned from.")
