"""Alerts and notices change hands once, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from core.records import Alert, AlertChange, Delivery, utc_now
from core.store import AlertStep, Store


def step_to(alert: Alert, after: str, by: str) -> AlertStep:
    moved = replace(alert, state=after, handled_by=by, revision=alert.revision + 1)
    return AlertStep(moved, alert.revision, AlertChange("p", alert.id, alert.state, after, by))


def test_of_many_who_take_the_same_step_one_does_with_one_line_of_history_and_one_notice(store: Store) -> None:
    alert = store.add(Alert("p", "m", "drift", "Drift", "Something moved."))

    def resolve(person: str) -> int:
        step = step_to(alert, "resolved", person)
        return len(store.alerts.take("p", [step], lambda taken: [Delivery("p", "c", "Over", {}) for _ in taken]))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(resolve, "abcdefgh")) == 1
    assert (store.count(AlertChange), store.count(Delivery)) == (1, 1)


def test_one_matter_has_one_alert_that_is_not_over(store: Store) -> None:
    first, second = (Alert("p", "m", "drift", "Drift", "Something moved.") for _ in range(2))
    with ThreadPoolExecutor(2) as pool:
        taken = pool.map(lambda one: len(store.alerts.take("p", [AlertStep(one, None)], lambda _: [])), (first, second))
        assert sum(taken) == 1
    (opened,) = store.find(Alert)
    over = step_to(opened, "resolved", "a")
    store.alerts.take("p", [over], lambda _: [])
    assert len(store.alerts.take("p", [AlertStep(Alert("p", "m", "drift", "D", ""), None)], lambda _: [])) == 1
    assert store.alerts.take("p", [step_to(over.alert, "open", "a")], lambda _: []) == []


def test_a_notice_is_claimed_by_one_and_after_its_lease_by_another(store: Store) -> None:
    delivery = store.outbox.add(Delivery("p", "c", "New", {"text": "Drift"}))
    now, lease = utc_now(), timedelta(minutes=1)
    with ThreadPoolExecutor(8) as pool:
        claims = [claim for claim in pool.map(lambda _: store.outbox.claim(delivery, now, lease), range(8)) if claim]
    assert len(claims) == 1
    assert store.outbox.due(now, limit=10) == []
    (again,) = store.outbox.due(now + lease, limit=10)
    assert again.n_attempts == 1
    claimed = store.outbox.claim(again, now + lease, lease)
    assert claimed is not None
    store.outbox.put_off(claimed, "No answer.", now + 2 * lease)
    assert store.get(Delivery, delivery.id).problem == "No answer."
    store.outbox.end(claimed, "delivered", now)
    store.outbox.put_off(claimed, "Too late.", now)
    assert store.get(Delivery, delivery.id).status == "delivered"
    assert store.outbox.due(now + timedelta(days=9), limit=10) == []


def test_each_channel_gets_its_oldest_notice_first(store: Store) -> None:
    for channel in "aabba":
        store.outbox.add(Delivery("p", channel, "New", {}))
    due = {delivery.channel_id: delivery for delivery in store.outbox.due(utc_now(), limit=10)}
    every = store.find(Delivery)
    assert (due["a"].id, due["b"].id) == (every[0].id, every[2].id)


def test_only_alerts_that_have_long_been_over_go_with_their_history(store: Store) -> None:
    now, long_ago = utc_now(), utc_now() - timedelta(days=400)
    states = ("pending", "open", "acknowledged", "silenced", "resolved", "resolved", "resolved")
    moments = (*[long_ago] * 6, now)
    for number, (state, at) in enumerate(zip(states, moments, strict=True)):
        alert = Alert("p", f"m{number}", "drift", "Drift", "", {"share": 0.1}, state=state, opened_at=at, changed_at=at)
        store.add_all(
            [alert, AlertChange("p", alert.id, None, "open", "a"), AlertChange("p", alert.id, "open", state, "a")]
        )
    before = now - timedelta(days=365)
    assert store.alerts.remove_resolved(before, limit=1) == 1
    assert store.alerts.remove_resolved(before, limit=10) == 1
    assert store.alerts.remove_resolved(before, limit=10) == 0
    left = store.find(Alert)
    assert [alert.state for alert in left] == [*states[:4], "resolved"]
    assert all(alert.evidence == {"share": 0.1} for alert in left)
    assert sorted(change.alert_id for change in store.find(AlertChange)) == sorted([one.id for one in left] * 2)


def test_only_notices_that_ended_long_ago_go_and_none_that_waits(store: Store) -> None:
    now, long_ago = utc_now(), utc_now() - timedelta(days=40)
    ends = {"delivered": long_ago, "dead": long_ago, "waiting": None, "new": now}
    for subject, ended_at in ends.items():
        status = "delivered" if subject == "new" else subject
        store.add(Delivery("p", "c", subject, {}, status=status, created_at=long_ago, ended_at=ended_at))
    before = now - timedelta(days=30)
    assert store.outbox.remove_ended(before, limit=1) == 1
    assert store.outbox.remove_ended(before, limit=10) == 1
    assert [one.subject for one in store.find(Delivery)] == ["waiting", "new"]
