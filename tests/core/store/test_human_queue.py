"""Rows that a person answers, and labels that others replaced: on SQLite and PostgreSQL alike."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from core import monitor
from core.errors import ConflictError, NotFoundError
from core.records import EarlierLabel, LabelRecord, Prediction, Referral, Window
from core.store import JournalPlace, Store

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def hold_back(store: Store, n_rows: int = 1, *, at: datetime = NOW) -> list[Referral]:
    asked = [
        Prediction("p", "m", "r", {"size": number}, "no", abstained=True, predicted_at=at + timedelta(seconds=number))
        for number in range(n_rows)
    ]
    referrals = [Referral(one.id, "p", "m", "rules", ("why",), referred_at=one.predicted_at) for one in asked]
    store.log.append(asked, [Window("p", "m", at, n_rows=n_rows, n_abstained=n_rows)], referrals=referrals)
    return referrals


def test_the_oldest_row_is_taken_first_and_by_one_person_only(store: Store) -> None:
    first, second = hold_back(store, 2)
    taken = [store.people.take("p", by=name, now=NOW) for name in ("Ann", "Ben", "Cleo")]
    assert [row.id if row else None for row in taken] == [first.id, second.id, None]


def test_of_eight_people_at_once_everybody_gets_another_row(store: Store) -> None:
    hold_back(store, 5)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda number: store.people.take("p", by=f"person {number}", now=NOW), range(8)))
    ids = [row.id for row in taken if row]
    assert len(ids) == len(set(ids)) == 5


def test_a_row_left_lying_goes_to_somebody_else_and_the_first_is_told(store: Store) -> None:
    hold_back(store)
    ann = store.people.take("p", by="Ann", now=NOW)
    ben = store.people.take("p", by="Ben", now=NOW + timedelta(minutes=11))
    assert ann
    assert ben
    with pytest.raises(ConflictError, match="Ben took this row"):
        store.people.answer(ann, "yes", by="Ann", now=NOW)
    store.people.answer(ben, "no", by="Ben", now=NOW)
    with pytest.raises(ConflictError, match="Ben answered this row meanwhile"):
        store.people.answer(ann, "yes", by="Ann", now=NOW)
    assert store.get(Referral, ben.id).answer == "no"
    assert store.get(LabelRecord, ben.id).value == "no"


def test_of_many_answers_with_one_ticket_one_is_written(store: Store) -> None:
    hold_back(store)
    taken = store.people.take("p", by="Ann", now=NOW)
    assert taken

    def answer(number: int) -> bool:
        try:
            store.people.answer(taken, float(number), by="Ann", now=NOW)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(answer, range(8)))
    assert written.count(True) == 1
    assert store.get(LabelRecord, taken.id).value == float(written.index(True))
    assert store.count(EarlierLabel) == 0


def test_a_truth_the_caller_sent_before_stays_the_label(store: Store) -> None:
    (row,) = hold_back(store)
    store.log.add_labels([LabelRecord(row.id, "p", "yes", received_at=NOW)])
    taken = store.people.take("p", by="Ann", now=NOW)
    assert taken
    store.people.answer(taken, "no", by="Ann", now=NOW)
    assert (store.get(LabelRecord, row.id).value, store.get(Referral, row.id).answer) == ("yes", "no")


def test_rows_expire_unless_somebody_works_on_them(store: Store) -> None:
    old, lying = hold_back(store, 2)
    (fresh,) = hold_back(store, at=NOW + timedelta(hours=2))
    store.people.take("p", by="Ann", now=NOW + timedelta(hours=2), skipped=[old.id])
    assert store.people.expire("p", NOW + timedelta(hours=1), NOW + timedelta(hours=2)) == 1
    states = {row.id: row.state for row in store.find(Referral)}
    assert states == {old.id: "expired", lying.id: "waiting", fresh.id: "waiting"}


def test_a_row_that_waits_outlives_retention_and_goes_when_it_is_answered(store: Store) -> None:
    (row,) = hold_back(store)
    monitor.set_retention(store, "p", 1, by="Ann")
    later = NOW + timedelta(days=2)
    assert monitor.remove_expired(store, later) == 0
    taken = store.people.take("p", by="Ann", now=later)
    assert taken
    store.people.answer(taken, "no", by="Ann", now=later)
    assert monitor.remove_expired(store, later) == 1
    assert store.count(Referral) == 0
    assert store.get(LabelRecord, row.id).value == "no"
    with pytest.raises(NotFoundError, match="deleted"):
        store.people.answer(taken, "no", by="Ann", now=later)


def test_a_batch_that_comes_twice_from_a_journal_puts_a_row_into_the_queue_once(store: Store) -> None:
    asked = Prediction("p", "m", "r", {}, "no", abstained=True, predicted_at=NOW)
    referral = Referral(asked.id, "p", "m", "rules", ("why",), referred_at=NOW)
    for expected in (True, False):
        place = JournalPlace("segment", 0, 10)
        assert store.log.append([asked], [], place, referrals=[referral]) == expected
    assert store.people.count("p") == 1


def test_labels_that_were_replaced_are_kept_in_their_order(store: Store) -> None:
    (row,) = hold_back(store)
    moments = [NOW + timedelta(hours=hour) for hour in range(4)]
    values = ("yes", "no", "no", "yes")
    for value, at in zip(values, moments, strict=True):
        store.log.add_labels([LabelRecord(row.id, "p", value, received_at=at)])
    kept = [(one.value, one.received_at, one.replaced_at) for one in store.find(EarlierLabel, prediction_id=row.id)]
    assert kept == [("yes", moments[0], moments[1]), ("no", moments[1], moments[3])]
    assert store.get(LabelRecord, row.id).value == "yes"


def test_two_labels_of_a_row_in_one_request_are_both_kept(store: Store) -> None:
    (row,) = hold_back(store)
    labels = [LabelRecord(row.id, "p", value, received_at=NOW) for value in ("a", "a", "b")]
    assert store.log.add_labels(labels) == (1, ())
    assert store.get(LabelRecord, row.id).value == "b"
    assert [one.value for one in store.find(EarlierLabel)] == ["a"]


def test_what_the_model_did_not_answer_is_no_answer_of_it(store: Store) -> None:
    (row,) = hold_back(store)
    store.log.add_labels([LabelRecord(row.id, "p", "yes")])
    assert store.log.labelled_answers("p", newest=10) == []
    assert [one.label.value for one in store.log.read("p", labelled_only=True) if one.label] == ["yes"]
