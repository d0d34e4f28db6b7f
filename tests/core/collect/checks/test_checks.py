"""Each check finds what was planted, and stays silent on a clean table."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan
from core.errors import BadInputError
from core.records import CheckReport, CheckResult, DatasetVersion
from core.store import Store
from tests.core.collect.checks.conftest import patients

Check = Callable[..., CheckResult]
MakeTable = Callable[..., DatasetVersion]
CARDS = ["4111 1111 1111 1111", "5500005555555559", "340000000000009", "6011000000000004", "30000000000004"]
DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "checks.md"


def test_a_clean_table_raises_no_alarm(report: Callable[..., CheckReport]) -> None:
    for seed in range(3):
        found = report(patients(1_200, seed))
        assert [(one.code, one.sentence) for one in found.results if one.outcome in ("problem", "note")] == []


def test_every_check_ends_in_words_and_has_its_code_and_reason(report: Callable[..., CheckReport]) -> None:
    found = report(patients())
    assert [one.code for one in found.results] == [check.code for check in collect.CHECKS]
    assert all(one.sentence and one.title and one.why for one in found.results)


def test_the_document_names_every_code_and_no_other() -> None:
    told = dict(re.findall(r"^### (FC\d{3}) (.+)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert told == {check.code: check.title for check in collect.CHECKS}


def test_codes_are_unique_and_in_order() -> None:
    codes = [check.code for check in collect.CHECKS]
    assert codes == sorted(set(codes))


def test_without_a_target_checks_about_it_do_not_apply_yet(report: Callable[..., CheckReport]) -> None:
    found = report(patients(), None)
    for code in ("FC104", "FC105", "FC401", "FC402", "FC403", "FC404", "FC405", "FC406"):
        assert found.result(code).outcome == "not_applicable"
        assert "No target is chosen yet" in found.result(code).sentence


def test_rows_without_a_value_are_counted_with_their_numbers(check: Check) -> None:
    frame = patients()
    frame.loc[[4, 17], :] = None
    found = check("FC101", frame, None)
    assert (found.outcome, found.n_affected) == ("problem", 2)
    assert found.evidence is not None
    assert [row[0] for row in found.evidence.rows] == ["5", "18"]


def test_copied_rows_are_a_problem_and_shown_side_by_side(check: Check) -> None:
    frame = patients()
    found = check("FC102", pd.concat([frame, frame.iloc[10:30]], ignore_index=True))
    assert (found.outcome, found.n_affected) == ("problem", 20)
    assert found.evidence is not None
    assert {row[0] for row in found.evidence.rows} >= {"11", "401"}


def test_things_that_merely_look_the_same_are_a_note(check: Check) -> None:
    rng = np.random.default_rng(0)
    answers = {name: rng.integers(0, 6, 500) for name in ("a", "b", "c")}
    frame = pd.DataFrame(answers | {"ill": rng.choice(["y", "n"], 500)})
    found = check("FC102", frame)
    assert found.outcome == "note"
    assert "look the same" in found.sentence


def test_rows_entered_twice_under_another_number_are_found(check: Check) -> None:
    frame = patients()
    frame = pd.concat([frame, frame.iloc[:7]], ignore_index=True)
    frame.insert(0, "patient_id", range(1, len(frame) + 1))
    assert check("FC102", frame).outcome == "passed"
    found = check("FC103", frame)
    assert (found.outcome, found.n_affected) == ("note", 7)


def test_equal_inputs_with_another_answer_are_found(check: Check) -> None:
    frame = patients()
    twins = frame.iloc[:10].assign(ill=frame["ill"].iloc[:10].map({"yes": "no", "no": "yes"}))
    found = check("FC104", pd.concat([frame, twins], ignore_index=True))
    assert (found.outcome, found.n_affected) == ("problem", 20)
    assert "at least 10 of them" in found.sentence


def test_numbers_do_not_contradict_each_other(check: Check) -> None:
    assert check("FC104", patients(), "pressure", "regression").outcome == "not_applicable"


@pytest.mark.parametrize(("n_rows", "outcome"), [(40, "problem"), (200, "note"), (600, "passed")])
def test_few_rows_are_said_with_what_they_allow(check: Check, n_rows: int, outcome: str) -> None:
    assert check("FC105", patients(n_rows)).outcome == outcome


def test_columns_of_no_use_are_found(report: Callable[..., CheckReport]) -> None:
    frame = patients().assign(country="here", nothing=np.nan, hardly=[1.5] * 3 + [2.5] * 3 + [None] * 394)
    frame.insert(0, "row", range(400))
    frame["age_again"] = frame["age"]
    frame["shade"] = frame["colour"].map({"red": "R", "green": "G", "blue": "B"})
    found = report(frame)
    assert found.result("FC201").columns == ("row",)
    assert found.result("FC202").columns == ("country",)
    assert found.result("FC203").columns == ("nothing",)
    assert found.result("FC204").columns == ("hardly",)
    assert set(found.result("FC205").columns) == {"age_again", "shade"}
    for code in ("FC201", "FC202", "FC203", "FC204", "FC205"):
        assert found.result(code).fixes[0].kind == "leave_out"


def test_two_unlike_columns_of_yes_and_no_are_not_taken_for_one(check: Check) -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({f"c{n}": rng.integers(0, 2, 60) for n in range(60)})
    assert check("FC205", frame.assign(ill="no"), None).outcome == "passed"


def test_words_among_numbers_are_named(check: Check) -> None:
    frame = patients()
    weights = [f"{60 + n % 30}.5" for n in range(390)] + ["heavy", "light"] * 5
    found = check("FC301", frame.assign(weight=weights))
    assert (found.outcome, found.columns, found.n_affected) == ("problem", ("weight",), 10)
    assert "'heavy'" in found.fixes[0].sentence


def test_codes_with_leading_zeros_are_no_numbers_gone_wrong(check: Check) -> None:
    codes = [f"{n % 90:03}" for n in range(395)] + ["x"] * 5
    assert check("FC301", patients().assign(code=codes)).outcome == "passed"


def test_a_slip_of_the_decimal_point_is_far_from_all_others(check: Check) -> None:
    frame = patients()
    frame.loc[33, "pressure"] = 12_000.0
    found = check("FC302", frame)
    assert (found.outcome, found.columns, found.n_affected) == ("note", ("pressure",), 1)
    assert found.evidence is not None
    assert found.evidence.rows[0][:2] == ("34", "12000")


def test_a_long_tail_is_no_outlier(check: Check) -> None:
    rng = np.random.default_rng(0)
    frame = patients(5_000).assign(income=rng.lognormal(10, 1.2, 5_000), wait=rng.exponential(5, 5_000))
    assert check("FC302", frame).outcome == "passed"


@pytest.mark.parametrize(
    ("name", "values", "n_cells"),
    [
        ("days", [-1] * 9, 9),
        ("days", [999] * 9, 9),
        ("age_years", [-3.0, 150.0], 2),
        ("latitude", [123.4], 1),
    ],
)
def test_what_cannot_be_is_found(check: Check, name: str, values: list[float], n_cells: int) -> None:
    rng = np.random.default_rng(1)
    column = [*values, *rng.integers(0, 60, 400 - len(values)).tolist()]
    found = check("FC303", patients().assign(**{name: column}))
    assert (found.outcome, found.columns, found.n_affected) == ("problem", (name,), n_cells)


def test_what_may_be_is_left_alone(check: Check) -> None:
    rng = np.random.default_rng(1)
    frame = patients().assign(
        change=rng.integers(-30, 30, 400),  # -1 and -9 are ordinary here
        score=rng.integers(0, 1_000, 400),  # so is 999
        age_scaled=rng.normal(0, 1, 400),
        age=rng.normal(0, 1, 400),  # brought to mean 0: half of it below 0
    )
    assert check("FC303", frame).outcome == "passed"


def test_dates_of_the_beginning_of_a_calendar_are_no_dates(check: Check) -> None:
    frame = patients()
    frame.loc[:5, "seen"] = pd.Timestamp("1970-01-01")
    found = check("FC303", frame)
    assert (found.outcome, found.columns, found.n_affected) == ("problem", ("seen",), 6)


def test_spellings_of_one_name_are_found_and_signs_that_mean_something_are_not(check: Check) -> None:
    towns = [*["New York"] * 100, *["new york"] * 8, *["New-York"] * 2, *["Zürich"] * 80, *["Zurich"] * 10]
    frame = patients().assign(town=towns + ["Rome"] * 200, grade=np.tile(["A", "A-", "A+", "B"], 100))
    found = check("FC304", frame)
    assert (found.outcome, found.columns, found.n_affected) == ("problem", ("town",), 20)
    assert found.fixes[0].edit is not None
    merged = {"new york": "New York", "New-York": "New York", "Zurich": "Zürich"}
    assert found.fixes[0].edit.options["mapping"] == merged


def test_rare_slips_of_one_letter_are_found_but_not_other_words(check: Check) -> None:
    words = ["Christian"] * 150 + ["Christrian"] + ["inland"] * 100 + ["island"] * 2 + ["item 1"] * 145 + ["item 2"] * 2
    found = check("FC305", patients().assign(word=words))
    assert found.outcome == "note"
    assert found.fixes[0].edit is not None
    assert found.fixes[0].edit.options["mapping"] == {"Christrian": "Christian"}


def test_levels_with_hardly_a_row_are_counted(check: Check) -> None:
    found = check("FC306", patients().assign(shop=["big"] * 250 + ["small"] * 146 + ["odd"] * 3 + ["rare"]))
    assert (found.outcome, found.columns, found.n_affected) == ("note", ("shop",), 4)


def test_a_target_nothing_can_be_learned_from_is_a_problem(check: Check) -> None:
    found = check("FC401", patients().assign(ill="no"))
    assert found.outcome == "problem"
    assert "same value" in found.sentence


def test_missing_answers_and_rare_classes_are_counted(report: Callable[..., CheckReport]) -> None:
    frame = patients()
    frame.loc[:19, "ill"] = None
    frame.loc[20:22, "ill"] = "perhaps"
    found = report(frame, "ill", "multiclass")
    assert (found.result("FC402").outcome, found.result("FC402").n_affected) == ("note", 20)
    assert (found.result("FC403").outcome, found.result("FC403").n_affected) == ("problem", 3)
    assert "'perhaps'" in found.result("FC403").sentence


def test_one_class_that_fills_nearly_all_rows_is_said(check: Check) -> None:
    found = check("FC404", patients().assign(ill=["yes"] * 20 + ["no"] * 380))
    assert found.outcome == "note"
    assert "95 of 100" in found.sentence


def test_a_table_sorted_by_its_answer_is_said(check: Check) -> None:
    assert check("FC405", patients().sort_values("ill", kind="stable")).outcome == "note"
    assert check("FC405", patients().sort_values("pressure"), "pressure", "regression").outcome == "note"
    assert check("FC405", patients(), "pressure", "regression").outcome == "passed"


def test_answers_that_stand_together_in_time_are_no_sorting(check: Check) -> None:
    frame = patients().sort_values("seen", ignore_index=True).assign(ill=np.repeat(["yes", "no", "yes", "no"], 100))
    assert check("FC405", frame).outcome == "passed"
    assert check("FC502", frame).outcome == "note"


def test_a_copy_of_the_answer_is_a_leak(check: Check) -> None:
    frame = patients()
    found = check("FC406", frame.assign(outcome=frame["ill"].map({"yes": 1.0, "no": 0.0})))
    assert (found.outcome, found.columns) == ("problem", ("outcome",))
    assert "gets 100 of 100 right" in found.sentence


def test_what_is_filled_only_for_one_answer_is_a_leak(check: Check) -> None:
    frame = patients()
    days = np.where(frame["ill"] == "yes", np.random.default_rng(0).integers(1, 30, 400), np.nan)
    found = check("FC406", frame.assign(days_in_hospital=days))
    assert (found.outcome, found.columns) == ("problem", ("days_in_hospital",))
    assert "where it has a value, the answer is 'yes'" in found.sentence


def test_what_towers_above_all_others_is_suspicious(check: Check) -> None:
    frame = patients(2_000)
    rng = np.random.default_rng(0)
    delay = (frame["ill"] == "yes") * 1.0 + rng.normal(0, 0.3, 2_000)
    found = check("FC406", frame.assign(delay=delay))
    assert (found.outcome, found.columns) == ("note", ("delay",))
    assert "far better than any other" in found.sentence


def test_a_date_after_the_moment_of_the_row_is_suspicious(check: Check) -> None:
    frame = patients().sort_values("seen", ignore_index=True)
    found = check("FC406", frame.assign(closed=frame["seen"] + pd.Timedelta(days=3)))
    assert (found.outcome, found.columns) == ("note", ("closed",))
    assert "lies after 'seen'" in found.sentence


def test_a_gap_in_regular_time_is_found_and_irregular_time_has_none(check: Check) -> None:
    hours = pd.Timestamp("2024-03-01") + pd.to_timedelta(np.arange(400), unit="h")
    regular = patients().assign(seen=hours)
    assert check("FC501", regular).outcome == "passed"
    found = check("FC501", regular.assign(seen=hours + pd.to_timedelta(np.repeat([0, 9], 200), unit="D")))
    assert (found.outcome, found.n_affected) == ("note", 1)
    assert found.evidence is not None
    assert found.evidence.rows[0][3:] == ("9 days", "1 hour")
    assert check("FC501", patients()).outcome == "passed"


@pytest.mark.parametrize(
    ("code", "column", "values"),
    [
        ("FC601", "contact", [f"anna.{n}@post.example.org" for n in range(400)]),
        ("FC601", "remark", [f"please write to anna.{n}@example.org soon, thanks" for n in range(400)]),
        ("FC602", "contact", [f"+49 30 {1_000_000 + n}" for n in range(400)]),
        ("FC602", "phone", [f"030 {1_000_000 + n}" for n in range(400)]),
        ("FC603", "who", [f"Anna {chr(65 + n % 26)}{chr(97 + n // 26)}ler" for n in range(400)]),
        ("FC603", "surname", [f"{chr(65 + n % 26)}{chr(97 + n // 26)}ler" for n in range(400)]),
        ("FC604", "address", [f"10.0.{n // 250}.{n % 250}" for n in range(400)]),
        ("FC604", "account", [f"DE{98 - int(f'{n:018}131400') % 97:02}{n:018}" for n in range(400)]),
        ("FC604", "card", CARDS * 80),
    ],
)  # fmt: skip
def test_data_about_persons_are_found_and_not_shown_again(
    check: Check, code: str, column: str, values: list[str]
) -> None:
    found = check(code, patients().assign(**{column: values}))
    assert found.outcome in ("problem", "note")
    assert found.columns == (column,)
    assert found.evidence is not None
    assert not any(value in cell for row in found.evidence.rows for cell in row for value in values)


def test_products_codes_and_dates_are_no_persons(report: Callable[..., CheckReport]) -> None:
    frame = patients().assign(
        product=[f"Rose Garden Chair {n}" for n in range(400)],
        code=[f"01-701-{1000 + n}" for n in range(400)],
        amount=[f"{n}.5 kg" for n in range(400)],
        version=[f"{n % 7}.{n % 11}.{n % 5}.x" for n in range(400)],
        number=np.random.default_rng(0).integers(10**15, 10**16, 400),
    )
    found = report(frame)
    assert [one.code for one in found.results if one.code.startswith("FC6") and one.outcome != "passed"] == []


def test_a_report_is_computed_once_for_each_target(store: Store, make_table: MakeTable) -> None:
    table = make_table(patients())
    before = collect.run_checks(store, table.id)
    assert collect.known_checks(store, table.id, target="ill", task="binary") is None
    about = collect.run_checks(store, table.id, target="ill", task="binary")
    store.files.dataset(table.id).unlink()
    assert collect.run_checks(store, table.id) == before
    assert collect.known_checks(store, table.id, target="ill", task="binary") == about


def test_a_broken_report_is_computed_anew(store: Store, make_table: MakeTable) -> None:
    table = make_table(patients())
    report = collect.run_checks(store, table.id)
    for path in store.files.profile(table.id).parent.glob(f"{table.id}-checks-*.json"):
        path.write_text("{", encoding="utf-8")
    assert collect.run_checks(store, table.id) == report


def test_a_target_that_is_no_column_is_refused(store: Store, make_table: MakeTable) -> None:
    with pytest.raises(BadInputError, match="no column 'weight'"):
        collect.run_checks(store, make_table(patients()).id, target="weight", task="regression")


@pytest.mark.parametrize("n_columns", [100, pytest.param(1_000, marks=pytest.mark.slow)])
def test_wide_tables_are_checked(store: Store, n_columns: int) -> None:
    rng = np.random.default_rng(0)
    columns = {f"c{n}": rng.normal(size=300) for n in range(n_columns - n_columns // 3)}
    columns |= {f"w{n}": rng.choice(["a", "b", "c"], 300) for n in range(n_columns // 3)}
    project = plan.create_project(store, "Wide", by="Ada")
    table = collect.add_table(store, project.id, pa.table(columns), filename="w.csv", by="Ada", source="upload")
    report = collect.run_checks(store, table.id, target="w0", task="multiclass")
    assert len(report.results) == len(collect.CHECKS)
    assert [one.code for one in report.ended("problem")] == []


@pytest.mark.parametrize("frame", [{"x": [1]}, {"x": []}, {"x": [None, None]}, {"x": ["a", "a"], "y": ["b", "b"]}])
def test_tables_that_are_hardly_tables_are_checked_too(
    store: Store, make_table: MakeTable, frame: dict[str, list[object]]
) -> None:
    table = make_table(pd.DataFrame(frame))
    assert len(collect.run_checks(store, table.id).results) == len(collect.CHECKS)
    name = table.column_names[-1]
    assert len(collect.run_checks(store, table.id, target=name, task="binary").results) == len(collect.CHECKS)
