"""Ask the live model a question: a form made from its prototype, and the answer in words."""

from datetime import datetime
from typing import Any

import streamlit as st

from core import serve
from core.records import Json, Prototype, PrototypeColumn
from pages.ui.navigation import link_to
from pages.ui.state import prefill
from pages.ui.words import plain

MISSING = "not known"
YES_OR_NO = {True: "yes", False: "no"}


def say_service(address: str) -> None:
    """Say where the prediction service answers, and what is wrong with it, if anything is."""
    st.markdown(f":green[:material/check_circle:] The prediction service answers at `{address}`.")
    with serve.ServiceClient(address) as client:
        status = client.ping()
    for trouble in status["troubles"]:
        st.warning(plain(trouble), icon=":material/warning:")


def prototype_form(prototype: Prototype, token: str, *, key: str) -> Json | None:
    """Draw one field for each input column and return the row once the person asks; None before.

    Parameters
    ----------
    prototype : Prototype
        The columns with their kinds, categories and typical values, which the fields begin with.
    token : str
        Id of the model version: another one begins with its own typical values.
    key : str
        Begins the fields' keys.
    """
    keys = {column.name: f"{key}_{number}" for number, column in enumerate(prototype.columns)}
    prefill(token, **{keys[column.name]: _first_value(column) for column in prototype.columns})
    with st.form(f"{key}_form", enter_to_submit=False):
        with st.grid(4, min_column_width=180):
            row = {column.name: _field(column, keys[column.name]) for column in prototype.columns}
        asked = st.form_submit_button("Ask the model", type="primary", icon=":material/send:", key=f"{key}_ask")
    return row if asked else None


def _first_value(column: PrototypeColumn) -> Any:
    """Return what a column's field shows at first: its typical value, as the field holds it."""
    if column.example is None:
        return None
    if column.kind == "number":
        return float(column.example)
    if column.kind == "boolean":
        return YES_OR_NO[bool(column.example)]
    return datetime.fromisoformat(str(column.example)) if column.kind == "date" else str(column.example)


def _field(column: PrototypeColumn, key: str) -> Any:
    """Draw the field of one column and return its value as the service takes it; None means not known."""
    label = plain(column.name)
    if column.kind == "number":
        return st.number_input(label, format="%.10g", step=_step(column), key=key, help=_range(column), value=None)
    if column.kind == "boolean":
        chosen = st.segmented_control(label, list(YES_OR_NO.values()), key=key)
        return None if chosen is None else chosen == YES_OR_NO[True]
    if column.kind == "date":
        ends = datetime.min, datetime.max  # noqa: DTZ901 - dates in tables have no time zone
        moment = st.datetime_input(label, value=None, min_value=ends[0], max_value=ends[1], key=key)
        return None if moment is None else moment.isoformat()
    if column.categories:
        return st.selectbox(label, column.categories, index=None, key=key, accept_new_options=True, placeholder=MISSING)
    return st.text_input(label, key=key, placeholder=MISSING) or None


def _step(column: PrototypeColumn) -> float:
    """Return 1 for columns with a wide range, a hundredth of the range otherwise."""
    if column.minimum is None or column.maximum is None or column.maximum - column.minimum >= 10:
        return 1.0
    return max((column.maximum - column.minimum) / 100, 1e-6)


def _range(column: PrototypeColumn) -> str | None:
    if column.minimum is None or column.maximum is None:
        return None
    return f"In the rows it learned from: {column.minimum:,.6g} to {column.maximum:,.6g}."


def show_answer(answer: Json, *, target: str) -> None:
    """Draw one answer of the service: what it says, how sure it is, and what it noticed about the question."""
    prediction = answer["prediction"]
    if answer.get("status") == "abstained":
        _show_abstained(answer, target)
        return
    said = f"{prediction:,.4g}" if isinstance(prediction, float) else str(prediction)
    with st.container(border=True, key="deploy_answer"):
        st.metric(f"Its answer for {plain(target)}", said)
        for label, share in sorted((answer.get("probabilities") or {}).items(), key=lambda item: -item[1])[:5]:
            st.progress(share, text=f"{plain(label)}: {share:.0%} sure")
        for warning in answer.get("warnings") or []:
            st.warning(plain(warning), icon=":material/info:")
        st.caption(f"Logged as prediction {answer['id']}; the true value can be sent in later under this number.")


def _show_abstained(answer: Json, target: str) -> None:
    """Say that the model did not answer, why not, and where a person does."""
    with st.container(border=True, key="deploy_answer"):
        st.metric(f"Its answer for {plain(target)}", "A person decides")
        for reason in answer["reasons"]:
            st.warning(plain(reason), icon=":material/front_hand:")
        st.caption(f"The row waits for a person. A program gets the answer at `{answer['poll']}`.")
        link_to("answer")
