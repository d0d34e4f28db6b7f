"""Ask the live model a question: a form made from its prototype, and the answer in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from core import deploy, serve
from core.records import Json, Prototype, PrototypeColumn
from pages.ui.navigation import link_to
from pages.ui.state import prefill, project, store
from pages.ui.words import count, plain

MISSING = "not known"
MOST_SHOWN = 12
"""Inputs shown at once; thirty of them would hide all that comes below."""
YES_OR_NO = {True: "yes", False: "no"}


def show_snippets(address: str, row: Json) -> None:
    """Draw how other programs ask the same question."""
    slug = project().slug
    with st.expander("Ask from another program", icon=":material/code:"):
        st.markdown(f"The service answers at `{address}`. The same question from a command line, and from Python:")
        with_key = deploy.needs_key(store(), project().id)
        if with_key:
            st.caption("They take your key from the environment: `export FULL_CIRCLE_KEY=fc_...`")
        st.code(serve.curl_snippet(address, slug, row, with_key=with_key), language="bash", wrap_lines=True)
        st.code(serve.python_snippet(address, slug, row, with_key=with_key), language="python", wrap_lines=True)
        st.caption(
            "While a version answers a share of the questions, send the header `X-Routing-Key` with the id of your "
            "customer or session: the same one always meets the same version."
        )


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
        row = _fields(prototype.columns[:MOST_SHOWN], keys)
        rest = prototype.columns[MOST_SHOWN:]
        if rest:
            with st.expander(f"{count(len(rest), 'more input')}, filled in with a usual value", key=f"{key}_more"):
                row |= _fields(rest, keys)
        asked = st.form_submit_button("Ask the model", type="primary", icon=":material/send:", key=f"{key}_ask")
    return row if asked else None


def _fields(columns: Sequence[PrototypeColumn], keys: dict[str, str]) -> Json:
    with st.grid(4, min_column_width=180):
        return {column.name: _field(column, keys[column.name]) for column in columns}


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


def show_answer(answer: Json, *, target: str, number: int | None) -> None:
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
        by = f"Answered by version {number}. " if number else ""
        st.caption(f"{by}Logged as prediction {answer['id']}; the true value can be sent in later under this number.")


def _show_abstained(answer: Json, target: str) -> None:
    """Say that the model did not answer, why not, and where a person does."""
    with st.container(border=True, key="deploy_answer"):
        st.metric(f"Its answer for {plain(target)}", "A person decides")
        for reason in answer["reasons"]:
            st.warning(plain(reason), icon=":material/front_hand:")
        st.caption(f"The row waits for a person. A program gets the answer at `{answer['poll']}`.")
        link_to("answer")
