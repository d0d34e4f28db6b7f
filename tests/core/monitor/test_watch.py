"""A version that breaks its rules is taken back by itself, once, and the history says why and by whom."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
import pytest

from core import deploy, monitor, plan
from core.evaluate.model_folder import write_manifest
from core.records import (
    LATENCY_EDGES_MS,
    Alert,
    Deployment,
    LabelRecord,
    ModelVersion,
    Prediction,
    Release,
    ReleasePlan,
    Rules,
    ShadowAnswer,
    Window,
    refusal_key,
    utc_now,
)
from core.store import Store
from tests.core.monitor.conftest import make_reference

LATER = timedelta(minutes=1)
N_BINS = len(LATENCY_EDGES_MS) + 1


@dataclass
class Watched:
    """Two approved versions; the second one can be made live, or a canary, and be asked."""

    store: Store
    first: ModelVersion
    second: ModelVersion

    @property
    def live(self) -> Deployment:
        live = self.store.releases.current("p")
        assert live is not None
        return live

    @property
    def last(self) -> Release:
        return self.store.find(Release, project_id="p")[-1]

    def promote(self, rules: Rules | None) -> None:
        deploy.promote_model(self.store, self.second.id, by="Cleo", seen_generation=self.live.generation, rules=rules)

    def alerts(self, after: timedelta = timedelta(0)) -> dict[str, Alert]:
        return {alert.kind: alert for alert in monitor.check_alerts(self.store, "p", now=utc_now() + after)}

    def ask(
        self,
        n: int,
        *,
        failed: int = 0,
        refused: int = 0,
        slow: int = 0,
        at: datetime | None = None,
        refusals: dict[str, int] | None = None,
    ) -> None:
        """Count requests to the second version; the slow ones take between 500 ms and a second."""
        latency = [0] * N_BINS
        latency[2], latency[9] = n - slow, slow
        window = Window(
            "p",
            self.second.id,
            (at or utc_now()).replace(second=0, microsecond=0),
            n_requests=n,
            n_rows=n - failed - refused,
            n_refused=refused,
            n_errors=failed,
            latency=tuple(latency),
            refusals=refusals or {},
        )
        self.store.log.append([], [window])

    def learn(self, n: int, n_right: int) -> None:
        """Log answers of the second version with their truth."""
        predictions = [Prediction("p", self.second.id, "r", {}, "yes" if number % 2 else "no") for number in range(n)]
        self.store.log.append(predictions, [])
        other = {"yes": "no", "no": "yes"}
        self.store.log.add_labels(
            [
                LabelRecord(one.id, "p", one.prediction if number < n_right else other[str(one.prediction)])
                for number, one in enumerate(predictions)
            ]
        )

    def learn_silently(self, n: int, n_right: int) -> None:
        """Log right answers of the first version with their truth, and what the second one said to the same."""
        predictions = [Prediction("p", self.first.id, "r", {}, "yes" if number % 2 else "no") for number in range(n)]
        self.store.log.append(predictions, [])
        self.store.log.add_labels([LabelRecord(one.id, "p", one.prediction) for one in predictions])
        other = {"yes": "no", "no": "yes"}
        self.store.shadows.add(
            [
                ShadowAnswer(
                    one.id, "p", self.second.id, one.prediction if number < n_right else other[str(one.prediction)]
                )
                for number, one in enumerate(predictions)
            ]
        )

    def watch(self, after: timedelta = timedelta(0)) -> list[Deployment]:
        return monitor.keep_watch(self.store, utc_now() + after)


@pytest.fixture
def world(store: Store, make_live: Callable[..., ModelVersion]) -> Watched:
    reference = make_reference(pd.DataFrame({"x": [1.0, 2.0, 3.0]}), ["yes", "no", "no"])
    second, first = (make_live(reference, number=number) for number in (2, 1))
    sealed = [store.update(model, digest=write_manifest(store.files.model(model.id))) for model in (first, second)]
    plan.change_objective(store, "p", by="Anna", minimum=0.8)
    return Watched(store, *sealed)


def test_a_version_that_keeps_to_its_rules_stays_and_the_watch_ends_with_what_was_measured(world: Watched) -> None:
    world.promote(Rules(minutes=30, max_latency_p95_ms=100.0))
    world.ask(200, failed=2, slow=3)
    world.learn(200, 190)
    assert world.watch() == []
    assert world.watch(timedelta(minutes=30)) == []
    assert len(world.watch(timedelta(minutes=32))) == 1
    assert (world.live.model_version_id, world.live.plan) == (world.second.id, ReleasePlan())
    assert (world.last.action, world.last.promoted_by) == ("end_watch", deploy.AUTOMATIC)
    for said in ("It kept to its rules", "2 of 200 requests got no answer", "3 of 200 requests took longer", "95"):
        assert said in world.last.reason


@pytest.mark.parametrize("how", [{"failed": 30}, {"refused": 30}])
def test_a_version_that_leaves_too_many_without_an_answer_is_taken_back(world: Watched, how: dict[str, int]) -> None:
    world.promote(Rules())
    world.ask(200, **how)
    (after,) = world.watch()
    assert after.model_version_id == world.first.id
    assert (world.last.action, world.last.promoted_by) == ("roll_back", deploy.AUTOMATIC)
    assert "30 of 200 requests got no answer" in world.last.reason
    assert "set by Cleo" in world.last.reason
    assert world.watch() == []


def test_what_the_owners_own_rules_refuse_takes_nothing_back_and_calls_nobody(world: Watched) -> None:
    world.promote(Rules())
    world.ask(200, refused=60, refusals={refusal_key("out_of_range", "x"): 50, refusal_key("unknown_category"): 10})
    assert world.watch() == []
    assert world.alerts() == {}
    world.ask(200, refused=60, refusals={refusal_key("bad_json"): 60})
    alert = world.alerts()["errors"]
    assert (alert.evidence["n_refused"], alert.evidence["n_refused_by_rule"]) == (120, 60)
    assert "60 were refused because of what was asked" in alert.message
    assert "Not counted are 60 that the owner's own rules refused." in alert.message


def test_what_is_taken_back_opens_an_alert_with_what_was_measured(world: Watched) -> None:
    world.promote(Rules())
    world.ask(200, failed=30)
    world.watch()
    alert = world.alerts()["taken_back"]
    assert (alert.title, alert.severity) == ("A version was taken back", "warning")
    assert "30 of 200 requests got no answer" in alert.message
    assert (alert.evidence["generation"], alert.evidence["action"]) == (world.last.generation, "roll_back")
    monitor.resolve_alert(world.store, alert.id, by="Olga", reason="It was the new driver.")
    assert world.alerts(timedelta(hours=2)) == {}


def test_an_earlier_version_that_cannot_be_gone_back_to_is_a_critical_alert(world: Watched) -> None:
    world.promote(Rules())
    world.ask(100, failed=50)
    (world.store.files.model(world.first.id) / "reference.json").write_text("{}")
    world.watch()
    alert = world.alerts()["taken_back"]
    assert alert.severity == "critical"
    assert "could not be taken back" in alert.message


def test_a_watch_that_ends_well_opens_no_alert(world: Watched) -> None:
    world.promote(Rules(minutes=30))
    world.ask(200)
    assert len(world.watch(timedelta(minutes=32))) == 1
    assert world.alerts(timedelta(minutes=33)) == {}


def test_a_canary_that_nobody_watches_and_that_is_not_right_enough_opens_an_alert(world: Watched) -> None:
    seen = world.live.generation
    deploy.start_canary(world.store, world.second.id, share=0.1, by="Cleo", seen_generation=seen)
    world.learn(200, 190)
    assert world.alerts() == {}
    world.learn(200, 80)
    alert = world.alerts(timedelta(minutes=1))["beside"]
    assert (alert.title, alert.severity) == ("Version 2, on trial, is not right enough", "warning")
    assert "answers a share of the questions" in alert.message
    assert alert.evidence["role"] == "canary"
    deploy.stop_canary(world.store, "p", by="Cleo", seen_generation=seen + 1)
    assert world.alerts(timedelta(minutes=2)) == {}


def test_a_version_asked_silently_that_is_not_right_enough_opens_an_alert(world: Watched) -> None:
    seen = world.live.generation
    deploy.start_shadow(world.store, world.second.id, by="Cleo", seen_generation=seen)
    world.learn_silently(200, 190)
    assert world.alerts() == {}
    world.learn_silently(200, 80)
    alert = world.alerts(timedelta(minutes=1))["beside"]
    assert (alert.title, alert.severity) == ("Version 2, on trial, is not right enough", "warning")
    assert alert.evidence["role"] == "shadow"
    deploy.stop_shadow(world.store, "p", by="Cleo", seen_generation=seen + 1)
    assert world.alerts(timedelta(minutes=2)) == {}


def test_a_version_that_is_too_slow_is_taken_back(world: Watched) -> None:
    world.promote(Rules(max_latency_p95_ms=500.0, keep_objective=False))
    world.ask(200, slow=30)
    (after,) = world.watch()
    assert after.model_version_id == world.first.id
    assert "30 of 200 requests took longer than 500 ms" in world.last.reason


def test_a_version_that_misses_the_objective_is_taken_back_once_enough_truths_are_here(world: Watched) -> None:
    world.promote(Rules())
    world.learn(90, 45)
    assert world.watch() == []
    assert "90 of at least 100 truths" in " ".join(monitor.report_watch(world.store, world.live).measured)
    world.learn(90, 45)
    (after,) = world.watch()
    assert after.model_version_id == world.first.id
    assert "Not good enough" in world.last.reason


def test_a_little_below_the_objective_is_not_enough_to_be_taken_back(world: Watched) -> None:
    world.promote(Rules())
    world.learn(120, 94)
    assert world.watch() == []
    assert "Too close to call" in " ".join(monitor.report_watch(world.store, world.live).measured)


@pytest.mark.parametrize(("n", "failed"), [(10, 10), (40, 4)])
def test_what_may_be_chance_takes_nothing_back(world: Watched, n: int, failed: int) -> None:
    world.promote(Rules())
    world.ask(n, failed=failed)
    assert world.watch() == []


def test_rules_that_are_switched_off_are_not_looked_at(world: Watched) -> None:
    world.promote(Rules(max_unanswered=None, max_latency_p95_ms=1000.0, keep_objective=False))
    world.ask(200, failed=200)
    world.learn(300, 0)
    assert world.watch() == []


def test_what_happened_before_and_after_the_watch_does_not_count(world: Watched) -> None:
    world.ask(200, failed=200, at=utc_now() - timedelta(minutes=5))
    world.promote(Rules(minutes=10))
    world.ask(200, failed=200, at=utc_now() + timedelta(minutes=15))
    assert world.watch() == []


def test_without_a_question_the_end_of_the_watch_says_that_nothing_was_measured(world: Watched) -> None:
    world.promote(Rules(minutes=5))
    world.watch(timedelta(minutes=7))
    assert "Nobody has asked it anything yet." in world.last.reason


def test_a_canary_that_breaks_a_rule_stops_and_the_live_version_stays(world: Watched) -> None:
    seen = world.live.generation
    deploy.start_canary(world.store, world.second.id, share=0.1, by="Cleo", seen_generation=seen, rules=Rules())
    world.ask(100, failed=50)
    (after,) = world.watch()
    assert (after.model_version_id, after.plan) == (world.first.id, ReleasePlan())
    assert (world.last.action, world.last.promoted_by) == ("stop_canary", deploy.AUTOMATIC)
    assert "50 of 100 requests got no answer" in world.last.reason


def test_the_watch_of_a_canary_ends_with_it(world: Watched) -> None:
    seen = world.live.generation
    deploy.start_canary(world.store, world.second.id, share=0.1, by="Cleo", seen_generation=seen, rules=Rules())
    deploy.stop_canary(world.store, "p", by="Cleo", seen_generation=seen + 1)
    assert world.live.plan.watch is None


def test_an_earlier_version_that_is_damaged_is_not_gone_back_to_and_that_is_said(world: Watched) -> None:
    world.promote(Rules())
    world.ask(100, failed=50)
    (world.store.files.model(world.first.id) / "reference.json").write_text("{}")
    world.watch()
    assert (world.live.model_version_id, world.live.plan.watch) == (world.second.id, None)
    assert "could not be taken back" in world.last.reason


def test_two_runners_take_back_once(world: Watched) -> None:
    world.promote(Rules())
    world.ask(100, failed=50)
    seen = world.live.generation
    with ThreadPoolExecutor(4) as pool:
        changed = [one for part in pool.map(lambda _: world.watch(), range(8)) for one in part]
    assert len(changed) == 1
    assert world.live.generation == seen + 1


def test_a_version_planned_for_a_moment_is_watched_from_then_on(world: Watched) -> None:
    at = utc_now() + timedelta(minutes=1)
    seen = world.live.generation
    deploy.schedule_promotion(world.store, world.second.id, at=at, by="Cleo", seen_generation=seen, rules=Rules())
    world.ask(100, failed=50)
    assert world.watch() == []
    deploy.promote_due(world.store, at)
    (after,) = world.watch()
    assert after.model_version_id == world.first.id
