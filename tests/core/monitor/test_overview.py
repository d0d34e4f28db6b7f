"""The first sentence of Monitor: what is worst is said first, and nothing is claimed that is not known."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from core import monitor
from core.errors import NotReadyError
from core.records import LabelRecord, ModelVersion, Objective, Prediction, Reference, Window
from core.store import Store
from tests.core.monitor.conftest import START, make_reference, make_window

MakeLive = Callable[..., ModelVersion]
NOW = START + timedelta(minutes=30)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return make_reference(frame_of(0, 3_000), ["no", "yes"] * 1_500)


def frame_of(seed: int, n_rows: int, shift: float = 0.0) -> pd.DataFrame:
    return pd.DataFrame({"x": np.random.default_rng(seed).normal(shift, 1, n_rows)})


def ask(store: Store, model: ModelVersion, reference: Reference, *, right: float | None, shift: float = 0.0) -> None:
    """Log 600 answers in ten minutes; with a share that is right, all have their labels."""
    rng = np.random.default_rng(1)
    for minute in range(10):
        frame = frame_of(minute + 1, 60, shift)
        said = [str(one) for one in rng.choice(["no", "yes"], 60)]
        began = START + timedelta(minutes=minute)
        predictions = [
            Prediction(
                "p", model.id, "r", {"x": x}, one, {"no": 0.5, "yes": 0.5}, predicted_at=began + timedelta(seconds=row)
            )
            for row, (x, one) in enumerate(zip(frame["x"].tolist(), said, strict=True))
        ]
        window = make_window(reference, frame, said, minute)
        store.log.append(predictions, [replace(window, model_version_id=model.id)])
        if right is not None:
            truth = [one if rng.random() < right else {"yes": "no", "no": "yes"}[one] for one in said]
            pairs = zip(predictions, truth, strict=True)
            store.log.add_labels([LabelRecord(one.id, "p", label) for one, label in pairs])


def want(store: Store, **more: float) -> None:
    store.add(Objective("p", target="y", task="binary", metric="accuracy", minimum=0.8, positive_label="yes", **more))


def test_a_model_that_is_right_enough_and_cheap_enough_is_working_and_worth_it(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = make_live(reference)
    want(store, cost_false_positive=1.0, cost_false_negative=1.0)
    ask(store, model, reference, right=0.95)
    told = monitor.overview(store, "p", monitor.measure_live(store, "p", now=NOW))
    assert (told.state, told.headline) == ("good", "It is still working, and it is still worth it.")
    assert any("It answered 600 questions in the last hour." in reason for reason in told.reasons)


def test_being_wrong_comes_before_everything_else(store: Store, reference: Reference, make_live: MakeLive) -> None:
    model = make_live(reference)
    want(store)
    ask(store, model, reference, right=0.5, shift=2.0)
    told = monitor.overview(store, "p", monitor.measure_live(store, "p", now=NOW))
    assert told.state == "bad"
    assert told.headline == "It is right less often than it should be."
    assert told.detail
    assert told.hint == "Think about retraining."
    assert any("other things than it learned from" in reason for reason in told.reasons)


def test_changed_questions_do_not_hide_whether_it_is_worth_it(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = make_live(reference)
    want(store, cost_false_positive=1.0, cost_false_negative=1.0)
    ask(store, model, reference, right=0.95, shift=2.0)
    told = monitor.overview(store, "p", monitor.measure_live(store, "p", now=NOW))
    assert told.headline == "It is asked other things than it learned from. It is still worth it."
    assert "columns changed" in told.detail
    assert not any(character.isdigit() for character in told.headline)


def test_without_labels_it_does_not_claim_to_be_right(store: Store, reference: Reference, make_live: MakeLive) -> None:
    model = make_live(reference)
    ask(store, model, reference, right=None)
    told = monitor.overview(store, "p", monitor.measure_live(store, "p", now=NOW))
    assert told.state == "unknown"
    assert told.headline.startswith("Whether it is still right is not known.")


def test_changed_questions_alone_deserve_a_look(store: Store, reference: Reference, make_live: MakeLive) -> None:
    model = make_live(reference)
    want(store)
    ask(store, model, reference, right=0.95, shift=2.0)
    told = monitor.overview(store, "p", monitor.measure_live(store, "p", now=NOW))
    assert told.state == "look"
    points = monitor.drift_history(store, "p")
    assert {point.n_drifted for point in points if point.n_rows >= 200} == {1}
    assert ("x",) in {point.names for point in points}


def test_failing_requests_and_open_alerts_are_said(store: Store, reference: Reference, make_live: MakeLive) -> None:
    model = make_live(reference)
    want(store)
    ask(store, model, reference, right=0.95)
    store.log.append([], [Window("p", model.id, NOW, n_requests=700, n_errors=700)])
    told = monitor.overview(store, "p", monitor.measure_live(store, "p", now=NOW))
    assert told.state == "bad"
    assert "requests got no answer" in told.headline
    monitor.check_alerts(store, "p", now=NOW)
    events = monitor.live_events(store, "p")
    assert {event.kind for event in events} == {"release", "alert"}
    assert [event.started_at for event in events] == sorted(event.started_at for event in events)


def test_there_is_nothing_to_say_before_a_model_is_live(store: Store) -> None:
    with pytest.raises(NotReadyError):
        monitor.overview(store, "p", monitor.measure_live(store, "p", now=NOW))
