"""What each fault says it did is what is in the rows: nothing else is touched, and nothing it did is left out."""

import math
import statistics

import pytest

from core.errors import BadInputError
from core.records import Fault, Prototype, PrototypeColumn
from core.simulate.catalogue import FAULTS, check_fault, describe_fault
from core.simulate.faults import CHANGES, NONSENSE_FIELD, apply_faults, strength_at
from core.simulate.question import Facts, Question

N = 1_000
CLASSES = ("no", "yes")
FACTS = Facts({"temp": 5.0, "wind": 2.0}, target_spread=10.0, classes=CLASSES)
NUMBERS = Facts({"temp": 5.0}, target_spread=10.0)
PROTOTYPE = Prototype(
    "late",
    "binary",
    (
        PrototypeColumn("temp", "number", True, example=20.0),
        PrototypeColumn("wind", "number", False, example=3.0),
        PrototypeColumn("colour", "category", False, categories=("red", "blue"), example="red"),
    ),
    CLASSES,
)


def ask(position: int, label: object = None) -> Question:
    row = {"temp": 10.0 + position % 20, "wind": None if position % 10 == 0 else 3.0, "colour": "red"}
    return Question(row, (CLASSES[position % 2] if label is None else label))


def play(*faults: Fault, facts: Facts = FACTS, random_state: int = 7, label: object = None) -> tuple[list, list]:
    """Return the questions before and after, and for each row which faults say that they changed it."""
    after = [apply_faults(ask(at, label), at, faults, facts, random_state) for at in range(N)]
    return [question for question, _ in after], [touched for _, touched in after]


def changed_rows(after: list) -> list[int]:
    return [at for at, question in enumerate(after) if question != ask(at)]


ONE_OF_EACH = {
    "shift": Fault("shift", 200, 600, ("temp", "wind"), severity=2.0),
    "unit_change": Fault("unit_change", 200, 600, ("temp",), value="fahrenheit"),
    "stuck": Fault("stuck", 200, 600, ("temp",), value=11.5),
    "missing": Fault("missing", 200, 600, ("temp",), severity=0.5),
    "new_category": Fault("new_category", 200, 600, ("colour",), severity=0.3, value="green"),
    "swapped": Fault("swapped", 200, 600, ("temp", "wind")),
    "duplicated": Fault("duplicated", 200, 600, severity=0.4),
    "concept_change": Fault("concept_change", 200, 600, ("temp",), value=20.0),
    "label_noise": Fault("label_noise", 200, 600, severity=0.25),
    "outage": Fault("outage", 200, 600),
    "malformed": Fault("malformed", 200, 600, severity=0.2),
}


def test_every_kind_of_fault_is_tried_here_and_can_be_told_in_words() -> None:
    assert set(ONE_OF_EACH) == set(FAULTS) == set(CHANGES)
    assert len({describe_fault(fault, "binary") for fault in ONE_OF_EACH.values()}) == len(FAULTS)


@pytest.mark.parametrize("fault", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
def test_a_fault_says_it_changed_exactly_the_rows_that_it_changed_all_of_them_in_its_span(fault: Fault) -> None:
    after, touched = play(fault)
    said = [at for at, numbers in enumerate(touched) if numbers == (0,)]
    assert said == changed_rows(after)
    assert said
    assert min(said) >= 200
    assert max(said) < 600
    if FAULTS[fault.kind].amount == "share" and fault.severity < 1:
        assert len(said) / 400 == pytest.approx(fault.severity, abs=0.08)


@pytest.mark.parametrize("fault", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
def test_columns_and_labels_that_a_fault_does_not_name_stay_as_they_are(fault: Fault) -> None:
    after, _ = play(fault)
    for at, question in enumerate(after):
        before = ask(at)
        changed = {name for name in question.row if question.row[name] != before.row.get(name, NONSENSE_FIELD)}
        assert changed <= {*fault.columns, *([NONSENSE_FIELD] if fault.kind == "malformed" else [])}
        if fault.kind not in ("concept_change", "label_noise"):
            assert question.label == before.label
        else:
            assert question.row == before.row


@pytest.mark.parametrize("fault", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
def test_the_same_seed_does_the_same_and_another_one_something_else_where_anything_is_drawn(fault: Fault) -> None:
    assert play(fault) == play(fault)
    if fault.severity < 1:
        assert play(fault, random_state=8) != play(fault)


def test_a_shift_moves_by_so_many_standard_deviations_and_leaves_gaps() -> None:
    after, _ = play(ONE_OF_EACH["shift"])
    assert after[305].row["temp"] == ask(305).row["temp"] + 10.0
    assert after[305].row["wind"] == 3.0 + 4.0
    assert after[300].row["wind"] is None
    down, _ = play(Fault("shift", 0, N, ("temp",), severity=-1.0))
    assert down[5].row["temp"] == ask(5).row["temp"] - 5.0


@pytest.mark.parametrize(("unit", "value"), [("fahrenheit", 50.0), ("thousand", 10_000.0), ("thousandth", 0.01)])
def test_a_unit_is_changed_by_its_formula(unit: str, value: float) -> None:
    after, _ = play(Fault("unit_change", 0, N, ("temp",), value=unit))
    assert after[0].row["temp"] == pytest.approx(value)


def test_a_stuck_sensor_says_one_value_and_a_missing_one_none() -> None:
    stuck, _ = play(ONE_OF_EACH["stuck"])
    assert {question.row["temp"] for question in stuck[200:600]} == {11.5}
    missing, touched = play(ONE_OF_EACH["missing"])
    assert {question.row["temp"] for question, numbers in zip(missing, touched, strict=True) if numbers} == {None}
    # The service may refuse such a row, which must not take its neighbours with it.
    assert all(question.alone == bool(numbers) for question, numbers in zip(missing, touched, strict=True))


def test_swapped_columns_hold_each_others_values() -> None:
    after, _ = play(ONE_OF_EACH["swapped"])
    assert (after[205].row["temp"], after[205].row["wind"]) == (3.0, ask(205).row["temp"])


def test_a_changed_concept_turns_the_labels_of_its_segment_only() -> None:
    after, _ = play(ONE_OF_EACH["concept_change"])
    for at in range(200, 600):
        is_turned = after[at].label != ask(at).label
        assert is_turned == (ask(at).row["temp"] >= 20.0)
    everywhere, _ = play(Fault("concept_change", 0, N))
    assert all(question.label != ask(at).label for at, question in enumerate(everywhere))
    moved, _ = play(Fault("concept_change", 0, N, severity=1.5), facts=NUMBERS, label=100.0)
    assert {question.label for question in moved} == {115.0}


def test_noise_in_labels_has_the_strength_it_says() -> None:
    after, _ = play(Fault("label_noise", 0, N, severity=2.0), facts=NUMBERS, label=100.0)
    assert statistics.stdev(question.label for question in after) == pytest.approx(20.0, rel=0.1)
    assert statistics.mean(question.label for question in after) == pytest.approx(100.0, abs=3.0)


def test_an_outage_asks_nothing_and_duplicated_traffic_asks_again() -> None:
    silent, _ = play(ONE_OF_EACH["outage"])
    assert [question.sent for question in silent] == [not 200 <= at < 600 for at in range(N)]
    twice, touched = play(ONE_OF_EACH["duplicated"])
    assert [question.n_copies for question in twice] == [len(numbers) for numbers in touched]


def test_a_fault_rises_waves_or_comes_and_goes_as_its_pattern_says() -> None:
    gradual = Fault("shift", 100, 200, ("temp",), pattern="gradual")
    assert [strength_at(gradual, at) for at in (99, 100, 149, 199, 200)] == [0.0, 0.01, 0.5, 1.0, 0.0]
    seasonal = Fault("shift", 0, 400, ("temp",), pattern="seasonal", period_rows=100)
    assert [round(strength_at(seasonal, at), 9) for at in (0, 25, 50, 100, 150)] == [0.0, 0.5, 1.0, 0.0, 1.0]
    recurring = Fault("shift", 0, 400, ("temp",), pattern="recurring", period_rows=100)
    assert [strength_at(recurring, at) for at in (0, 49, 50, 99, 100)] == [1.0, 1.0, 0.0, 0.0, 1.0]
    after, touched = play(recurring)
    assert changed_rows(after) == [at for at in range(400) if at % 100 < 50] == [at for at in range(N) if touched[at]]


def test_faults_that_overlap_are_done_one_after_the_other_and_each_says_its_own() -> None:
    hot = Fault("shift", 0, 500, ("temp",), severity=1.0)
    unit = Fault("unit_change", 250, N, ("temp",), value="thousand")
    after, touched = play(hot, unit)
    assert (touched[100], touched[300], touched[700]) == ((0,), (0, 1), (1,))
    assert after[300].row["temp"] == (ask(300).row["temp"] + 5.0) * 1_000
    assert not math.isnan(after[700].row["temp"])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("shift", 0, 10), "needs 1 to 9 columns, not 0"),
        (Fault("shift", 0, 10, ("rain",)), "no column 'rain'"),
        (Fault("shift", 0, 10, ("colour",)), "cannot happen to 'colour', which is a category"),
        (Fault("swapped", 0, 10, ("temp", "colour")), "different kinds"),
        (Fault("shift", 50, 50, ("temp",)), "does not fall within the 100 rows"),
        (Fault("shift", 90, 101, ("temp",)), "does not fall within the 100 rows"),
        (Fault("shift", 0, 10, ("temp",), pattern="seasonal"), "a period of at least 2 rows"),
        (Fault("missing", 0, 10, ("temp",), severity=1.2), "A share of rows"),
        (Fault("shift", 0, 10, ("temp",), severity=0.0), "cannot move by that much"),
        (Fault("unit_change", 0, 10, ("temp",), value="feet"), "change of unit is not known"),
    ],
)
def test_a_fault_that_cannot_happen_is_refused_in_words(fault: Fault, words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        check_fault(fault, PROTOTYPE, 100)
