"""The fields with which options of a step are chosen."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.records import RecipeStep
from pages.ui.state import prefill


class Fields:
    """The fields of one step: draws each with a key of its own, beginning with what the step has.

    Parameters
    ----------
    step : RecipeStep
        What the fields begin with.
    token : str
        Id of the recipe it comes from; another one begins anew.
    """

    def __init__(self, step: RecipeStep, token: str) -> None:
        self.step, self.token = step, token

    def key(self, name: str, value: Any) -> str:
        """Return the key of a field after setting what it begins with."""
        key = f"prepare_{self.step.key}_{name}"
        prefill(self.token, **{key: value})
        return key

    def choose(self, name: str, label: str, choices: Mapping[str, str], value: str) -> str:
        """Draw the choice of one of several ways."""
        key = self.key(name, value if value in choices else next(iter(choices)))
        return str(st.selectbox(label, list(choices), format_func=lambda one: choices[one], key=key))

    def number(self, name: str, label: str, value: float, low: float, high: float) -> float:
        """Draw a field for a number."""
        whole = isinstance(value, int)
        key = self.key(name, value)
        bounds: list[Any] = [int(low), int(high)] if whole else [float(low), float(high)]
        return st.number_input(label, bounds[0], bounds[1], key=key, step=1 if whole else None)  # type: ignore[no-any-return]

    def several(self, name: str, label: str, offered: Sequence[str], value: Sequence[str]) -> list[str]:
        """Draw the choice of several columns or other names."""
        chosen = [one for one in value if one in offered]
        return st.multiselect(label, list(offered), key=self.key(name, chosen), placeholder="None")

    def numbers(self, name: str, label: str, value: Sequence[float], help: str) -> list[float]:  # noqa: A002
        """Draw a field for numbers with commas between; what is no number is said when the step is checked."""
        text = st.text_input(label, key=self.key(name, ", ".join(f"{one:g}" for one in value)), help=help)
        return [_number(part) for part in text.replace(";", ",").split(",") if part.strip()]


def _number(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return text.strip()
    return int(value) if value.is_integer() else value
