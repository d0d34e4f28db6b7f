"""Old questions go when the project says so; counts and labels stay."""

from datetime import UTC, datetime, timedelta

import pytest

from core import monitor
from core.errors import BadInputError
from core.monitor import retention
from core.records import Alert, Delivery, Job, LabelRecord, Prediction, Window
from core.store import Store

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(retention, "PAUSE_S", 0)


def log(store: Store, project_id: str, ages_days: list[float]) -> list[Prediction]:
    asked = [
        Prediction(project_id, "m", "r", {"size": 1.5}, "yes", predicted_at=NOW - timedelta(days=days))
        for days in ages_days
    ]
    store.log.append(asked, [Window(project_id, "m", NOW, n_requests=len(asked), n_rows=len(asked))])
    return asked


def ages(store: Store, project_id: str) -> list[int]:
    return [(NOW - one.prediction.predicted_at).days for one in store.log.read(project_id)]


def test_everything_is_kept_unless_the_project_says_otherwise(store: Store) -> None:
    log(store, "p", [1, 4000])
    assert monitor.retention_days(store, "p") is None
    assert monitor.remove_expired(store, NOW) == 0
    assert ages(store, "p") == [4000, 1]


def test_what_is_older_goes_and_nothing_else(store: Store) -> None:
    log(store, "p", [31, 30.5, 29.5, 1, *[100] * 25])
    log(store, "other", [100])
    monitor.set_retention(store, "p", 30, by="Anna")
    assert monitor.remove_expired(store, NOW) == 27
    assert ages(store, "p") == [29, 1]
    assert ages(store, "other") == [100]
    assert sum(window.n_rows for window in store.log.windows("p")) == 29


def test_labels_stay_and_the_last_setting_counts(store: Store) -> None:
    (old,) = log(store, "p", [10])
    store.log.add_labels([LabelRecord(old.id, "p", "no")])
    monitor.set_retention(store, "p", 5, by="Anna")
    monitor.set_retention(store, "p", None, by="Bert")
    assert monitor.remove_expired(store, NOW) == 0
    monitor.set_retention(store, "p", 7, by="Bert")
    assert monitor.remove_expired(store, NOW) == 1
    assert store.log.count("p") == (0, 1)


def test_a_log_that_a_model_learns_from_is_left_alone(store: Store) -> None:
    log(store, "p", [10])
    monitor.set_retention(store, "p", 5, by="Anna")
    job = store.add(Job("p", "retrain", status="running"))
    assert monitor.remove_expired(store, NOW) == 0
    store.update(job, status="done")
    assert monitor.remove_expired(store, NOW) == 1


def test_alerts_go_a_year_after_they_are_over_and_notices_after_thirty_days(store: Store) -> None:
    for days in (366, 364):
        at = NOW - timedelta(days=days)
        for state in ("resolved", "open"):
            store.add(Alert("p", f"m{days}", "drift", f"{state} {days}", "", state=state, opened_at=at, changed_at=at))
    # More than go at once.
    sent = [*[31.0] * 25, 29.0]
    for days in sent:
        at = NOW - timedelta(days=days)
        store.add(Delivery("p", "c", f"{days:g}", {}, status="delivered", created_at=at, ended_at=at))
    store.add(Delivery("p", "c", "waits", {}, created_at=NOW - timedelta(days=99)))
    assert monitor.remove_old_alerts(store, NOW) == (1, 25)
    assert {alert.title for alert in store.find(Alert)} == {"open 366", "open 364", "resolved 364"}
    assert [notice.subject for notice in store.find(Delivery)] == ["29", "waits"]


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_days_that_make_no_sense_are_refused(store: Store, days: int) -> None:
    with pytest.raises(BadInputError, match="1 to 3,650 days"):
        monitor.set_retention(store, "p", days, by="Anna")


def test_the_space_of_what_was_deleted_is_used_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 500)

    def pages() -> int:
        with store.engine.connect() as connection:
            return int(connection.exec_driver_sql("PRAGMA page_count").scalar() or 0)

    monitor.set_retention(store, "p", 5, by="Anna")
    log(store, "p", [10] * 4000)
    full = pages()
    assert monitor.remove_expired(store, NOW) == 4000
    log(store, "p", [1] * 4000)
    assert pages() < full * 1.1
