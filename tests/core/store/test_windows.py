"""Windows: any cut, any order and any folding of the same traffic adds up to the very same counts."""

from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import records
from core.records import Prediction, Window
from core.store import TRAFFIC_COUNTS, Store, add_windows
from core.store.counts import BY_NAME, ONE_BY_NAME, ROW

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
COUNT = st.integers(-(2**40), 2**40)
NAMES = st.sampled_from(["size", "größe", "a/b", ""])


def rows_of(length: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.one_of(st.just(()), st.lists(COUNT, min_size=length, max_size=length).map(tuple))


def by_name(length: int) -> st.SearchStrategy[dict[str, tuple[int, ...]]]:
    return st.dictionaries(NAMES, st.lists(COUNT, min_size=length, max_size=length).map(tuple), max_size=3)


WINDOWS = st.builds(
    Window,
    project_id=st.just("p"),
    model_version_id=st.just("m"),
    started_at=st.integers(0, 5_000).map(lambda minute: START + timedelta(minutes=minute)),
    n_requests=COUNT,
    n_rows=COUNT,
    n_refused=COUNT,
    n_errors=COUNT,
    n_dropped=COUNT,
    n_labelled=COUNT,
    latency=rows_of(3),
    columns=by_name(4),
    predictions=rows_of(2),
    scores=rows_of(2),
    moments=by_name(2),
    ages=by_name(3),
    unknown=st.dictionaries(NAMES, COUNT, max_size=3),
    refusals=st.dictionaries(NAMES, COUNT, max_size=3),
)


@given(st.lists(WINDOWS, min_size=3, max_size=3))
def test_adding_windows_is_associative_and_the_order_does_not_matter(windows: list[Window]) -> None:
    first, second, third = windows
    left = add_windows(add_windows(first, second), third)
    assert left == add_windows(first, add_windows(second, third))
    assert left == add_windows(third, add_windows(second, first))


def test_a_name_that_only_one_window_has_keeps_its_count_even_if_that_is_zero() -> None:
    with_zero, without = Window("p", "m", START, unknown={"size": 0}), Window("p", "m", START, unknown={"town": 2})
    for one, other in ((with_zero, without), (without, with_zero)):
        assert add_windows(one, other).unknown == {"size": 0, "town": 2}


@given(by_name(4), st.dictionaries(NAMES, COUNT), rows_of(5))
def test_counts_come_out_of_the_database_as_they_went_in(
    named: dict[str, tuple[int, ...]], single: dict[str, int], row: tuple[int, ...]
) -> None:
    assert BY_NAME.unpack_all([BY_NAME.pack(named)]) == named
    assert ONE_BY_NAME.unpack_all([ONE_BY_NAME.pack(single)]) == single
    assert ROW.unpack_all([ROW.pack(row)]) == row


@settings(max_examples=25)
@given(st.lists(by_name(4), min_size=1, max_size=5))
def test_packed_counts_add_up_as_plain_ones_do(parts: list[dict[str, tuple[int, ...]]]) -> None:
    plain = [Window("p", "m", START, columns=part) for part in parts]
    assert BY_NAME.unpack_all(map(BY_NAME.pack, parts)) == reduce(add_windows, plain).columns


def busy(minute: int, version: str = "m") -> Window:
    """A minute of traffic whose every count differs from any other minute's."""
    return Window(
        "p",
        version,
        START + timedelta(minutes=minute),
        n_requests=minute + 1,
        n_rows=2 * minute + 1,
        latency=(minute, 1, 0),
        columns={"size": (minute, 2, 1, 0), "town": (1, minute)},
        predictions=(minute, 3),
        scores=(1, minute),
        moments={"size": (-minute, minute * minute)},
        ages={"day": (0, minute)},
        unknown={"town": minute} if minute % 2 else {},
        refusals={f"k{minute % 3}/bad_value/size": 1},
    )


def span(store: Store, first: int, end: int, version: str = "m") -> Window | None:
    return store.log.total("p", version, since=START + timedelta(minutes=first), until=START + timedelta(minutes=end))


def test_a_span_is_exactly_the_sum_of_its_minutes(store: Store) -> None:
    windows = [busy(minute) for minute in range(90)]
    store.log.append([], [*windows, busy(3, "other")])
    assert span(store, 10, 70) == reduce(add_windows, windows[10:70])
    assert span(store, 200, 300) is None


def test_hours_and_days_add_up_to_exactly_what_their_minutes_did(store: Store) -> None:
    windows = [busy(minute) for minute in range(0, 3_000, 7)]
    store.log.append([], [*windows, *(busy(minute, "other") for minute in range(0, 100, 9))])
    before = span(store, -10, 4_000), span(store, -10, 4_000, "other")
    later = START + timedelta(days=2)
    while store.log.fold("p", n_minutes=60, before=later, limit=50):
        pass
    hours = store.log.windows("p", model_version_id="m")
    assert len(hours) < 70
    assert {one.n_minutes for one in hours} == {1, 60}
    assert span(store, 60, 120) == add_windows(
        reduce(add_windows, [one for one in windows if 60 <= (one.started_at - START) / timedelta(minutes=1) < 120]),
        Window("p", "m", START + timedelta(hours=1), n_minutes=60),
    )
    while store.log.fold("p", n_minutes=1_440, before=later, limit=50):
        pass
    after = span(store, -720, 4_000), span(store, -720, 4_000, "other")
    for one, other in zip(before, after, strict=True):
        assert one is not None
        assert other is not None
        assert add_windows(one, Window("p", "", one.started_at - timedelta(days=9), n_minutes=9_999)) == add_windows(
            other, Window("p", "", one.started_at - timedelta(days=9), n_minutes=9_999)
        )


def test_rows_that_come_late_are_added_to_the_hour_that_is_there(store: Store) -> None:
    store.log.append([], [busy(minute) for minute in range(60)])
    store.log.fold("p", n_minutes=60, before=START + timedelta(hours=3), limit=1_000)
    store.log.append([], [busy(5)])
    assert sorted(one.n_minutes for one in store.log.windows("p")) == [1, 60]
    store.log.fold("p", n_minutes=60, before=START + timedelta(hours=3), limit=1_000)
    (hour,) = store.log.windows("p")
    assert hour.n_rows == sum(2 * minute + 1 for minute in range(60)) + 11


def test_what_is_not_over_yet_is_not_folded(store: Store) -> None:
    store.log.append([], [busy(minute) for minute in range(90)])
    store.log.fold("p", n_minutes=60, before=START + timedelta(minutes=100), limit=1_000)
    assert [one.n_minutes for one in store.log.windows("p")] == [60] + [1] * 30


def test_traffic_alone_is_read_without_the_other_counts(store: Store) -> None:
    store.log.append([], [busy(4)])
    (light,) = store.log.windows("p", only=TRAFFIC_COUNTS)
    assert (light.n_rows, light.latency, light.refusals) == (9, (4, 1, 0), {"k1/bad_value/size": 1})
    assert (light.columns, light.predictions, light.moments, light.ages) == ({}, (), {}, {})


def answered(number: int, minute: int) -> Prediction:
    at = START + timedelta(minutes=minute, seconds=number)
    return Prediction("p", "m", "r", {"size": 1.0}, "no", id=f"id{number}", predicted_at=at)


def test_labels_are_counted_in_the_minute_of_their_prediction_once(store: Store) -> None:
    asked = [answered(number, number // 10) for number in range(30)]
    store.log.append(asked, [busy(minute) for minute in range(3)])
    labels = [records.LabelRecord(one.id, "p", "yes") for one in asked[:15]]
    store.log.add_labels(labels)
    store.log.add_labels([*labels, records.LabelRecord("unknown", "p", "no")])
    assert [one.n_labelled for one in store.log.windows("p")] == [10, 5, 0]
    assert store.log.coverage("p") == (1 + 3 + 5, 15)
    assert store.log.coverage("p", model_version_id="m")[1] == store.log.count("p", model_version_id="m")[1]


def test_a_label_for_an_hour_that_was_folded_counts_there(store: Store) -> None:
    asked = [answered(number, 1) for number in range(4)]
    store.log.append(asked, [busy(1)])
    store.log.fold("p", n_minutes=60, before=START + timedelta(hours=2), limit=10)
    store.log.add_labels([records.LabelRecord(one.id, "p", "yes") for one in asked])
    store.log.fold("p", n_minutes=60, before=START + timedelta(hours=2), limit=10)
    (hour,) = store.log.windows("p")
    assert (hour.n_minutes, hour.n_labelled, hour.n_rows) == (60, 4, 3)


@pytest.mark.parametrize("newest", [3, 100])
def test_the_newest_labelled_answers_are_found_in_the_order_they_were_given(store: Store, newest: int) -> None:
    asked = [answered(number, number) for number in range(20)]
    store.log.append(asked, [])
    store.log.add_labels([records.LabelRecord(one.id, "p", one.id) for one in asked[::2]])
    found = store.log.labelled_answers("p", newest=newest, model_version_id="m")
    assert [answer.label for answer in found] == [one.id for one in asked[::2]][-newest:]
