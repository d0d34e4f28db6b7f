"""The quality of live rows: gaps, ranges, unknown categories and refusals, under the data checks' codes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from core import collect, deploy, monitor
from core.errors import NotReadyError
from core.records import ModelVersion, Project, QualityReport, Window
from core.store import Store
from tests.core.monitor.conftest import START, make_reference, make_window

NOW = START + timedelta(hours=1)


def draw(n_rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": rng.normal(0, 1, n_rows),
            "town": pd.Series(rng.choice(["Bern", "Chur"], n_rows), dtype="str"),
        }
    )


def answers(n_rows: int) -> list[str]:
    return ["no", "yes"] * (n_rows // 2)


@pytest.fixture
def look(store: Store, make_live: Callable[..., ModelVersion]) -> Callable[..., QualityReport]:
    reference = make_reference(draw(4_000, 0), answers(1_000))
    model = make_live(reference)

    def report(frame: pd.DataFrame, **changes: object) -> QualityReport:
        window = make_window(reference, frame, answers(len(frame)))
        store.log.append([], [replace(window, model_version_id=model.id, **changes)])
        return monitor.quality(store, "p", now=NOW)

    return report


def test_rows_like_those_learned_from_are_in_order(look: Callable[..., QualityReport]) -> None:
    found = look(draw(2_000, 1))
    assert found.ended("problem") == ()
    assert found.sentence == "The newest 2,000 rows are in order."


def test_gaps_ranges_and_new_categories_are_problems_with_the_code_of_the_check(
    look: Callable[..., QualityReport],
) -> None:
    live = draw(2_000, 2)
    live.loc[:199, "size"] = np.nan
    live.loc[200:399, "size"] = 50.0
    live.loc[:99, "town"] = "Genf"
    found = look(live)
    problems = {(one.code, one.column): one for one in found.ended("problem")}
    assert set(problems) == {("FC204", "size"), ("FC302", "size"), ("FC306", "town")}
    assert {code for code, _ in problems} <= {check.code for check in collect.CHECKS}
    assert problems["FC204", "size"].n_rows == 200
    assert problems["FC306", "town"].sentence == (
        "town: 5 % of rows have a category that the model has never seen; when it learnt, 0 % did."
    )


def test_refusals_are_told_by_reason_column_and_the_name_of_the_key(
    store: Store, look: Callable[..., QualityReport]
) -> None:
    key = deploy.create_key(store, "p", name="Shop", scopes=("predict",), per_minute=60, by="Anna")
    refusals = {f"{key.key.id}/bad_value/size": 40, "/bad_json/": 1}
    found = look(draw(400, 3), n_requests=441, n_refused=41, refusals=refusals)
    assert [(one.reason, one.column, one.key, one.n_requests) for one in found.refusals] == [
        ("bad_value", "size", "Shop", 40),
        ("bad_json", "", "", 1),
    ]
    assert "the value is of the wrong type in 'size'. Sent with the key 'Shop'." in found.refusals[0].sentence
    (types,) = [one for one in found.findings if one.code == "FC301"]
    assert (types.outcome, types.column, types.n_rows) == ("problem", "size", 40)
    assert "41 of 441 requests were refused" in found.sentence


def test_quality_needs_a_live_model_and_says_when_nothing_was_asked(
    store: Store, make_live: Callable[..., ModelVersion]
) -> None:
    with pytest.raises(NotReadyError):
        monitor.quality(store, "p")
    make_live(make_reference(draw(400, 0), answers(400)))
    assert monitor.quality(store, "p").sentence == "Nothing has been asked yet."


def test_old_minutes_are_folded_and_add_up_as_before(store: Store) -> None:
    store.add(Project("P", "p", id="p"))
    now = datetime(2026, 6, 1, tzinfo=UTC)
    ages = [timedelta(minutes=7 * number) for number in range(900)] + [timedelta(days=70, minutes=n) for n in range(90)]
    store.log.append([], [Window("p", "m", now - age, n_rows=1, columns={"x": (1, 0)}) for age in ages])
    assert monitor.fold_windows(store, now) > 0
    windows = store.log.windows("p")
    assert {one.n_minutes for one in windows} == {1, 60, 1_440}
    assert len(windows) < len(ages) - 300
    assert sum(one.n_rows for one in windows) == len(ages)
    assert store.log.coverage("p") == (len(ages), 0)
    assert monitor.fold_windows(store, now) == 0
