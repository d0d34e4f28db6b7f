"""The queue of rows for a person: take one, see it in plain form, answer, skip or hand it back."""

from collections.abc import Callable

import streamlit as st

from core import deploy
from core.errors import LifecycleError
from core.records import Label, Prediction, PrototypeColumn, Referral, ServingRules
from pages.ui.errors import error_frame
from pages.ui.frame import run_again
from pages.ui.navigation import link_to
from pages.ui.state import person, project, store
from pages.ui.words import count, plain, say_ago, say_moment

IN_HAND = "answer_in_hand"
"""Id and ticket of the row that this person has taken."""
SKIPPED = "answer_skipped"
MOST_BUTTONS = 8
N_USUAL = 3


def row_in_hand() -> deploy.OpenRow | None:
    """Return the row this person has taken; when somebody else has it by now, say so and return None."""
    held = st.session_state.get(IN_HAND)
    if held is None:
        return None
    try:
        row = deploy.reopen_row(store(), *held)
    except LifecycleError as error:
        del st.session_state[IN_HAND]
        st.warning(f"{plain(error.message)} {plain(error.hint)}", icon=":material/group:")
        return None
    if row.referral.project_id == project().id:
        return row
    return None


def show_queue(n_waiting: int) -> None:
    """Say how many rows wait, and let the person take one."""
    st.markdown(f"### {count(n_waiting, 'row')} {'waits' if n_waiting == 1 else 'wait'} for a person.")
    st.markdown(
        "The model was not allowed to decide these alone. What you answer goes to whoever asked, and the model "
        "can learn from it later. A row that you take is yours for ten minutes; nobody else gets it meanwhile."
    )
    if st.button("Take the next row", type="primary", icon=":material/front_hand:", key="answer_take"):
        with error_frame():
            _take_next()


def _take_next(words: str = "") -> None:
    """Take the next row that was not skipped, and draw the page anew, saying the words."""
    skipped = st.session_state.setdefault(SKIPPED, set())
    row = deploy.take_row(store(), project().id, by=person(), skipped=skipped)
    if row is None and skipped:
        # Everything else is done: what was skipped is offered again.
        skipped.clear()
        words = f"{words} There is no other row: those you skipped come again, or somebody else has them.".strip()
    st.session_state[IN_HAND] = None if row is None else (row.referral.id, row.referral.ticket)
    run_again(words or ("" if row else "Somebody else is working on the rows that wait."))


def show_row(row: deploy.OpenRow, n_waiting: int) -> None:
    """Draw the row in plain form, why it was held back, and what can be done with it."""
    with st.container(border=True, key="answer_row"):
        asked = "Replayed as a test" if row.asked.simulated else "Asked"
        others = f"{count(n_waiting - 1, 'other row')} waiting" if n_waiting > 1 else "no other row is waiting"
        st.caption(f"{asked} {say_ago(row.asked.predicted_at)}; {others}.")
        st.markdown(f"#### What is {plain(row.prototype.target)}?")
        for reason in row.referral.reasons:
            st.markdown(f":orange[:material/front_hand:] {plain(reason)}")
        st.dataframe(
            [
                {"Input": column.name, "Value": _say_value(row.asked, column), "Usual": _say_usual(column)}
                for column in row.prototype.columns
            ],
            hide_index=True,
            alt="The row, one input a line, with what is usual",
        )
        answer = _choose_answer(row)
        if answer is not None:
            _finish(row, lambda: deploy.answer_row(store(), row, answer, by=person()), _say_written(row, answer))
        with st.container(horizontal=True):
            if st.button("Skip: another row", icon=":material/skip_next:", key="answer_skip"):
                st.session_state.setdefault(SKIPPED, set()).add(row.referral.id)
                _finish(row, lambda: deploy.put_back_row(store(), row), "Put back; it still waits.")
            if st.button("Hand it back: nobody can say", icon=":material/undo:", key="answer_hand_back"):
                words = "Handed back: whoever asked is told that no answer will come."
                _finish(row, lambda: deploy.hand_back_row(store(), row, by=person()), words)
            if st.button("Stop for now", icon=":material/pause:", type="tertiary", key="answer_stop"):
                deploy.put_back_row(store(), row)
                del st.session_state[IN_HAND]
                run_again("Put back; it still waits.")


def _choose_answer(row: deploy.OpenRow) -> Label | None:
    """Draw what can be answered and return the answer once it is given."""
    classes = [str(label) for label in row.prototype.classes]
    if not classes:
        value = st.number_input("Your answer", value=None, format="%.10g", key=f"answer_number_{row.referral.id}")
        given = st.button("Answer", type="primary", icon=":material/check:", key="answer_give", disabled=value is None)
        return value if given else None
    if len(classes) > MOST_BUTTONS:
        chosen = st.selectbox("Your answer", classes, index=None, key=f"answer_class_{row.referral.id}")
        given = st.button("Answer", type="primary", icon=":material/check:", key="answer_give", disabled=chosen is None)
        return chosen if given else None
    with st.container(horizontal=True):
        pressed = [
            st.button(plain(name), type="primary", key=f"answer_class_{number}") for number, name in enumerate(classes)
        ]
    return next((name for name, is_pressed in zip(classes, pressed, strict=True) if is_pressed), None)


def _finish(row: deploy.OpenRow, close: Callable[[], object], words: str) -> None:
    """Close the row and take the next; when somebody else was faster, say so and go back to the queue."""
    try:
        close()
    except LifecycleError as error:
        words = f"{error.message} {error.hint}"
    del st.session_state[IN_HAND]
    with error_frame():
        if deploy.n_waiting(store(), row.referral.project_id):
            _take_next(words)
        run_again(words)


def _say_written(row: deploy.OpenRow, answer: Label) -> str:
    return f"Written: {row.prototype.target} is {answer}. The model would have said {_say(row.asked.prediction)}."


def _say(value: Label | None) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value)


def _say_value(asked: Prediction, column: PrototypeColumn) -> str:
    return _say(asked.inputs.get(column.name))


def _say_usual(column: PrototypeColumn) -> str:
    """Return what a column usually holds, from the training rows."""
    if column.minimum is not None and column.maximum is not None:
        return f"{column.minimum:,.6g} to {column.maximum:,.6g}"
    if column.kind == "boolean":
        return "yes or no"
    if column.categories:
        more = ", ..." if len(column.categories) > N_USUAL else ""
        return ", ".join(column.categories[:N_USUAL]) + more
    return ""


def say_nothing_waits(rules: ServingRules) -> None:
    """Say that nothing waits, and whether anything can."""
    if rules.abstains:
        st.success(
            "As soon as the model may not decide a row alone, it appears here.",
            title="Nothing waits",
            icon=":material/done_all:",
        )
        return
    st.info(
        "The model answers every row itself. On Deploy model its owner can say when a person should decide: "
        "when the model is not sure, when a row is unlike what it learned from, or when a value is missing.",
        title="No row is held back",
        icon=":material/front_hand:",
    )
    link_to("deploy")


def show_answered(answered: list[tuple[Referral, Prediction]]) -> None:
    """Draw what people answered last, beside what the model would have said."""
    if not answered:
        return
    st.subheader("Answered lately")
    st.dataframe(
        [
            {
                "Answer": _say(referral.answer),
                "The model would have said": _say(prediction.prediction),
                "By": referral.closed_by,
                "When": say_moment(referral.closed_at) if referral.closed_at else "",
                "Held back because": " ".join(referral.reasons),
            }
            for referral, prediction in answered
        ],
        hide_index=True,
        alt="Rows that people answered last",
    )
