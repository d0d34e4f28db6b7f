"""What each kind of fault does to a question: small pure functions, drawn by row, so that the truth is known.

A fault sees the question, how strong it is at this row and a generator of its own for this row. It gives a question
back; whether it did anything is read off the difference. So a play that is taken up again does the same once more.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from core.prepare import label_text
from core.records import Fault, FaultKind, Label
from core.simulate.question import Facts, Question

Change = Callable[[Question, Fault, float, random.Random, Facts], Question]
UNITS: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {
        "fahrenheit": lambda celsius: celsius * 9 / 5 + 32,
        "thousand": lambda value: value * 1_000,
        "thousandth": lambda value: value / 1_000,
    }
)
NONSENSE_FIELD = "not_a_column"


def strength_at(fault: Fault, position: int) -> float:
    """Return how strong a fault is at a row of the play, in [0, 1]; 0 outside its span.

    Gradual: rises evenly to 1 at its last row. Seasonal: a smooth wave from 0 to 1 and back in each period. Recurring:
    1 in the first half of each period, 0 in the second.
    """
    if not fault.first_row <= position < fault.last_row:
        return 0.0
    offset = position - fault.first_row
    if fault.pattern == "gradual":
        return (offset + 1) / (fault.last_row - fault.first_row)
    if fault.pattern == "seasonal":
        return (1 - math.cos(2 * math.pi * offset / fault.period_rows)) / 2
    if fault.pattern == "recurring":
        return float(offset % fault.period_rows < fault.period_rows / 2)
    return 1.0


def apply_faults(
    question: Question, position: int, faults: Sequence[Fault], facts: Facts, random_state: int
) -> tuple[Question, tuple[int, ...]]:
    """Return the question after all faults, in their order, and the numbers of those that changed it (from 0)."""
    touched = []
    for number, fault in enumerate(faults):
        strength = strength_at(fault, position)
        if strength == 0.0:
            continue
        rng = random.Random(f"{random_state}-fault {number}-{position}")
        changed = CHANGES[fault.kind](question, fault, strength, rng, facts)
        if changed != question:
            touched.append(number)
        question = changed
    return question, tuple(touched)


def _is_met(fault: Fault, strength: float, rng: random.Random) -> bool:
    """Whether a fault that meets a share of the rows meets this one."""
    return rng.random() < fault.severity * strength


def _set(question: Question, name: str, value: Label | None) -> Question:
    return replace(question, row={**question.row, name: value})


def _number(value: Label | None) -> float | None:
    """Return a value as a number; None where it is missing or something else."""
    return None if isinstance(value, bool | str) or value is None else float(value)


def shift(question: Question, fault: Fault, strength: float, _rng: random.Random, facts: Facts) -> Question:
    """Move numbers by `severity` standard deviations."""
    for name in fault.columns:
        value = _number(question.row.get(name))
        if value is not None:
            question = _set(question, name, value + fault.severity * strength * facts.spread[name])
    return question


def change_unit(question: Question, fault: Fault, strength: float, rng: random.Random, _facts: Facts) -> Question:
    """Report numbers in another unit."""
    convert = UNITS[str(fault.value)]
    if not _is_met(fault, strength, rng):
        return question
    for name in fault.columns:
        value = _number(question.row.get(name))
        if value is not None:
            question = _set(question, name, convert(value))
    return question


def hold_value(question: Question, fault: Fault, strength: float, rng: random.Random, _facts: Facts) -> Question:
    """Say the same value all the time."""
    if not _is_met(fault, strength, rng):
        return question
    for name in fault.columns:
        question = _set(question, name, fault.value)
    return question


def lose_value(question: Question, fault: Fault, strength: float, rng: random.Random, _facts: Facts) -> Question:
    """Say nothing; where the model has never seen the column missing, the service refuses the row."""
    if not _is_met(fault, strength, rng):
        return question
    for name in fault.columns:
        if question.row.get(name) is not None:
            question = replace(_set(question, name, None), alone=True)
    return question


def swap_columns(question: Question, fault: Fault, strength: float, rng: random.Random, _facts: Facts) -> Question:
    """Put the value of each of two columns into the other one."""
    if not _is_met(fault, strength, rng):
        return question
    first, second = fault.columns
    return _set(_set(question, first, question.row.get(second)), second, question.row.get(first))


def send_again(question: Question, fault: Fault, strength: float, rng: random.Random, _facts: Facts) -> Question:
    """Ask the same once more, as a sender does that has not understood that it was answered."""
    return replace(question, n_copies=question.n_copies + 1) if _is_met(fault, strength, rng) else question


def change_concept(question: Question, fault: Fault, strength: float, rng: random.Random, facts: Facts) -> Question:
    """Give the same rows of a segment another truth: the next class, or a number moved by `severity` deviations."""
    if question.label is None or not _in_segment(question, fault):
        return question
    if not facts.classes:
        value = _number(question.label)
        moved = None if value is None else value + fault.severity * strength * facts.target_spread
        return question if moved is None else replace(question, label=moved)
    if not _is_met(fault, strength, rng):
        return question
    at = _class_at(question.label, facts)
    return question if at is None else replace(question, label=facts.classes[(at + 1) % len(facts.classes)])


def blur_label(question: Question, fault: Fault, strength: float, rng: random.Random, facts: Facts) -> Question:
    """Make labels wrong by chance: any other class, or a number with normal noise of `severity` deviations."""
    if question.label is None:
        return question
    if not facts.classes:
        value = _number(question.label)
        noise = rng.gauss(0.0, fault.severity * strength * facts.target_spread)
        return question if value is None else replace(question, label=value + noise)
    at = _class_at(question.label, facts)
    if at is None or not _is_met(fault, strength, rng):
        return question
    others = [name for number, name in enumerate(facts.classes) if number != at]
    return replace(question, label=rng.choice(others))


def fall_silent(question: Question, fault: Fault, strength: float, rng: random.Random, _facts: Facts) -> Question:
    """Ask nothing: the sender is down."""
    return replace(question, sent=False) if _is_met(fault, strength, rng) else question


def garble(question: Question, fault: Fault, strength: float, rng: random.Random, _facts: Facts) -> Question:
    """Send a field that no column has, as after a careless change of the sender; the service refuses the row."""
    if not _is_met(fault, strength, rng):
        return question
    return replace(_set(question, NONSENSE_FIELD, "?"), alone=True)


def _in_segment(question: Question, fault: Fault) -> bool:
    """Whether a row belongs to those whose concept changes: all, or those at or above a number or of a category."""
    if not fault.columns:
        return True
    value, border = question.row.get(fault.columns[0]), fault.value
    if isinstance(value, int | float) and isinstance(border, int | float) and not isinstance(value, bool):
        return value >= border
    return value == border


def _class_at(label: Label, facts: Facts) -> int | None:
    text = label_text(label)
    return facts.classes.index(text) if text in facts.classes else None


CHANGES: Mapping[FaultKind, Change] = MappingProxyType(
    {
        "shift": shift,
        "unit_change": change_unit,
        "stuck": hold_value,
        "missing": lose_value,
        "new_category": hold_value,
        "swapped": swap_columns,
        "duplicated": send_again,
        "concept_change": change_concept,
        "label_noise": blur_label,
        "outage": fall_silent,
        "malformed": garble,
    }
)
