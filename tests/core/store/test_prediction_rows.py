"""Predictions come back as they were written, by the hundred and in both databases."""

import math
from datetime import UTC, datetime, timedelta, timezone

from core.records import Prediction
from core.store import Store
from core.store.database import to_json
from core.store.prediction_rows import ROWS_A_STATEMENT

AT = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


def make(number: int, **changes: object) -> Prediction:
    inputs = {
        "size": 0.1 + number,
        "whole": number,
        "big": 10**30,
        "name": "Zürich 西 'q' \"",
        "open": True,
        "gone": None,
    }
    values = {"prediction": "yes", "probabilities": {"no": 0.25, "yes": 0.75}, "latency_ms": 1.5, **changes}
    at = AT + timedelta(seconds=number)
    return Prediction("p", "m", f"r{number}", inputs, id=f"{number:06}", predicted_at=at, **values)  # type: ignore[arg-type]


def test_what_is_read_is_what_was_written(store: Store) -> None:
    written = [make(number, simulated=number % 2 == 0) for number in range(2 * ROWS_A_STATEMENT + 7)]
    store.log.append(written, [])
    assert [entry.prediction for entry in store.log.read("p")] == written


def test_numbers_and_missing_probabilities_come_back(store: Store) -> None:
    store.log.append([make(1, prediction=12.5, probabilities=None), make(2, prediction=3, probabilities=None)], [])
    assert [entry.prediction.prediction for entry in store.log.read("p")] == [12.5, 3]
    assert all(entry.prediction.probabilities is None for entry in store.log.read("p"))


def test_moments_are_kept_in_utc(store: Store) -> None:
    there = AT.astimezone(timezone(timedelta(hours=-5)))
    store.log.append([Prediction("p", "m", "r", {}, "yes", id="1", predicted_at=there)], [])
    assert store.log.read("p")[0].prediction.predicted_at == AT
    assert store.log.count_between("p", AT, AT + timedelta(seconds=1)) == 1


def test_what_json_cannot_hold_is_null_and_what_it_can_is_kept() -> None:
    value = {"a": math.nan, "b": math.inf, "c": 10**30, "d": "é"}
    assert to_json(value) == '{"a":null,"b":null,"c":1000000000000000000000000000000,"d":"é"}'
