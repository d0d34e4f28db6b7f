"""Traffic from windows, and alerts: opened once, brought up to date, resolved by the next model."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from core import monitor
from core.monitor.traffic import latency_quantile
from core.records import LATENCY_EDGES_MS, LabelRecord, ModelVersion, Objective, Prediction, Reference, Window
from core.store import Store
from tests.core.monitor.conftest import START, make_reference, make_window

MakeLive = Callable[..., ModelVersion]
NOW = START + timedelta(minutes=10)


def draw(n_rows: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"heat": shift + rng.standard_normal(n_rows), "calm": rng.standard_normal(n_rows)})


def say(n_rows: int) -> list[str]:
    return (["no", "yes"] * n_rows)[:n_rows]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return make_reference(draw(3_000, 0), say(500))


def log_rows(store: Store, model: ModelVersion, reference: Reference, shift: float, minute: int) -> None:
    window = make_window(reference, draw(2_000, minute + 1, shift), say(2_000), minute)
    store.log.append([], [replace(window, model_version_id=model.id)])


def log_labels(store: Store, model: ModelVersion, n_right: int, n_wrong: int) -> None:
    predictions = [
        Prediction("p", model.id, "r", {}, "yes" if row % 2 else "no", predicted_at=START + timedelta(seconds=row))
        for row in range(n_right + n_wrong)
    ]
    store.log.append(predictions, [])
    other = {"yes": "no", "no": "yes"}
    is_right = np.random.default_rng(0).permutation(len(predictions)) < n_right
    labels = [
        one.prediction if right else other[str(one.prediction)]
        for right, one in zip(is_right, predictions, strict=True)
    ]
    store.log.add_labels([LabelRecord(one.id, "p", label) for one, label in zip(predictions, labels, strict=True)])


def test_windows_of_any_cut_add_up_to_the_same_traffic(store: Store) -> None:
    rng = np.random.default_rng(0)
    latencies = rng.integers(0, 5, (90, len(LATENCY_EDGES_MS) + 1))
    windows = [
        Window(
            "p",
            f"m{minute % 2}",
            START + timedelta(minutes=minute),
            int(row.sum()),
            int(row.sum()),
            1,
            2,
            3,
            tuple(row.tolist()),
        )
        for minute, row in enumerate(latencies)
    ]
    store.log.append([], windows)
    sums = set()
    for n_points in (1, 7, 60, 500):
        report = monitor.traffic(store, "p", n_points=n_points)
        assert len(report.points) <= n_points
        assert report.n_requests == sum(point.n_requests for point in report.points) == latencies.sum()
        assert report.n_errors == sum(point.n_errors for point in report.points) == 180
        sums.add((report.n_requests, report.latency_p50_ms, report.latency_p95_ms))
    assert len(sums) == 1
    later = monitor.traffic(store, "p", since=START + timedelta(minutes=80))
    assert later.n_requests == latencies[80:].sum()


def test_quiet_minutes_count_as_zero(store: Store) -> None:
    latency = (5, *(0,) * len(LATENCY_EDGES_MS))
    store.log.append([], [Window("p", "m", START + timedelta(minutes=m), 5, 5, latency=latency) for m in (0, 4)])
    report = monitor.traffic(store, "p")
    assert [point.n_requests for point in report.points] == [5, 0, 0, 0, 5]
    assert report.points[2].latency_p95_ms is None


def test_latency_is_read_off_the_histogram_between_the_right_borders() -> None:
    rng = np.random.default_rng(1)
    latencies = rng.gamma(2.0, 8.0, 5_000)
    counts = np.bincount(np.searchsorted(LATENCY_EDGES_MS, latencies), minlength=12).tolist()
    for share in (0.1, 0.5, 0.95):
        read = latency_quantile(counts, share)
        assert read is not None
        exact_bin, read_bin = np.searchsorted(LATENCY_EDGES_MS, [np.quantile(latencies, share), read])
        assert exact_bin == read_bin
    assert latency_quantile([10, *[0] * 11], 0.5) == 0.5
    assert latency_quantile([0] * 11 + [3], 0.5) == LATENCY_EDGES_MS[-1]
    assert latency_quantile([0] * 12, 0.5) is None


def test_nothing_asked_yet_is_said_in_words(store: Store) -> None:
    report = monitor.traffic(store, "p")
    assert (report.n_rows, report.points, report.sentence) == (0, (), "Nothing has been asked yet.")


def test_drift_opens_one_alert_that_names_the_column_and_is_not_opened_again(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = make_live(reference)
    log_rows(store, model, reference, 0.0, minute=0)
    assert monitor.check_alerts(store, "p", now=NOW) == []
    log_rows(store, model, reference, 2.0, minute=1)
    (opened,) = monitor.check_alerts(store, "p", now=NOW)
    assert (opened.kind, opened.state, opened.title) == ("drift", "open", "The questions have changed: heat")
    assert opened.message.startswith("heat: values above")
    assert [column["name"] for column in opened.evidence["columns"]] == ["heat"]
    log_rows(store, model, reference, 3.0, minute=2)
    assert monitor.check_alerts(store, "p", now=NOW + timedelta(minutes=1)) == []
    (present,) = monitor.list_alerts(store, "p")
    assert present.opened_at == NOW
    assert present.changed_at > NOW
    assert (present.message, present.evidence) == (opened.message, opened.evidence)  # As it was when it opened.
    assert present.newest.message != opened.message
    assert present.newest.figures != opened.evidence


def test_an_alert_that_was_seen_stays_seen_until_another_model_is_live(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = make_live(reference)
    log_rows(store, model, reference, 2.0, minute=1)
    (opened,) = monitor.check_alerts(store, "p", now=NOW)
    seen = monitor.acknowledge_alert(store, opened.id, by="Bert")
    assert (seen.state, seen.handled_by) == ("acknowledged", "Bert")
    log_rows(store, model, reference, 4.0, minute=2)
    assert monitor.check_alerts(store, "p", now=NOW) == []
    assert monitor.list_alerts(store, "p")[0].state == "acknowledged"
    make_live(reference, number=2)
    assert monitor.check_alerts(store, "p", now=NOW) == []
    assert [alert.state for alert in monitor.list_alerts(store, "p")] == ["resolved"]


def test_accuracy_clearly_below_the_objective_opens_an_alert(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = make_live(reference)
    store.add(Objective("p", target="y", task="binary", metric="accuracy", minimum=0.85))
    log_labels(store, model, n_right=60, n_wrong=39)
    assert monitor.check_alerts(store, "p", now=NOW) == []
    log_labels(store, model, n_right=120, n_wrong=80)
    (opened,) = monitor.check_alerts(store, "p", now=NOW)
    assert opened.kind == "accuracy"
    assert opened.title == "The model is no longer good enough"
    assert opened.message.endswith("Wanted: at least 85.")
    assert opened.evidence["value"] == pytest.approx(0.6, abs=0.01)


def test_accuracy_clearly_below_the_test_opens_an_alert_even_without_an_objective(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = make_live(reference, tested=0.9)
    log_labels(store, model, n_right=225, n_wrong=75)
    (opened,) = monitor.check_alerts(store, "p", now=NOW)
    assert opened.title == "The model is worse than when it was tested"


def test_accuracy_as_tested_opens_no_alert(store: Store, reference: Reference, make_live: MakeLive) -> None:
    model = make_live(reference, tested=0.9)
    log_labels(store, model, n_right=262, n_wrong=38)
    assert monitor.check_alerts(store, "p", now=NOW) == []


def test_failing_requests_open_an_alert_while_they_are_recent(
    store: Store, reference: Reference, make_live: MakeLive
) -> None:
    model = make_live(reference)
    store.log.append([], [Window("p", model.id, START, n_requests=100, n_refused=4, n_errors=2)])
    assert monitor.check_alerts(store, "p", now=START + timedelta(hours=1)) == []
    (opened,) = monitor.check_alerts(store, "p", now=NOW)
    assert opened.kind == "errors"
    assert "6 % of 100 requests" in opened.message


def test_without_a_live_model_there_is_nothing_to_alert_about(store: Store) -> None:
    assert monitor.check_alerts(store, "p", now=NOW) == []
