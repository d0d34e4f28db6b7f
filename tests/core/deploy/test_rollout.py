"""Canary, shadow, schedule and watch: one row with the generation, changed by compare-and-swap like what is live."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core import deploy
from core.errors import BadInputError, ConflictError, LifecycleError, NotReadyError
from core.records import Deployment, ModelVersion, Release, ReleasePlan, Rules, utc_now
from core.store import Store
from tests.core.deploy.conftest import Registered
from tests.model_worlds import copy_version, damage

SOON = timedelta(hours=1)


@pytest.fixture
def store(registered: Registered) -> Store:
    return registered.store


@pytest.fixture
def first(store: Store, versions: list[ModelVersion]) -> ModelVersion:
    """Version 1, live."""
    deploy.promote_model(store, versions[0].id, by="Bert", seen_generation=0)
    return versions[0]


def plan_of(store: Store, model: ModelVersion) -> ReleasePlan:
    live = store.releases.current(model.project_id)
    assert live is not None
    return live.plan


def test_a_canary_leaves_what_is_live_and_since_when(
    store: Store, first: ModelVersion, versions: list[ModelVersion]
) -> None:
    before = store.releases.current(first.project_id)
    after = deploy.start_canary(store, versions[1].id, share=0.1, by="Cleo", seen_generation=1)
    assert before is not None
    assert (after.model_version_id, after.promoted_by, after.promoted_at) == (first.id, "Bert", before.promoted_at)
    assert after.generation == 2
    assert (after.plan.canary.model_version_id, after.plan.canary.share) == (versions[1].id, 0.1)
    assert store.releases.current(first.project_id) == after
    larger = deploy.start_canary(store, versions[1].id, share=0.5, by="Dora", seen_generation=2)
    assert (larger.plan.canary.share, larger.plan.canary.started_by) == (0.5, "Cleo")
    stopped = deploy.stop_canary(store, first.project_id, by="Cleo", seen_generation=3, reason="Enough seen")
    assert stopped.plan == ReleasePlan()
    told = [(one.action, one.promoted_by, one.reason) for one in store.find(Release, project_id=first.project_id)]
    assert told[1:] == [
        ("start_canary", "Cleo", ""),
        ("start_canary", "Dora", ""),
        ("stop_canary", "Cleo", "Enough seen"),
    ]


def test_whatever_is_changed_from_an_old_view_is_refused(
    store: Store, first: ModelVersion, versions: list[ModelVersion]
) -> None:
    deploy.start_shadow(store, versions[2].id, by="Cleo", seen_generation=1)
    project_id, second = first.project_id, versions[1].id
    for change in (
        lambda: deploy.start_canary(store, second, share=0.1, by="Dora", seen_generation=1),
        lambda: deploy.start_shadow(store, second, by="Dora", seen_generation=1),
        lambda: deploy.stop_shadow(store, project_id, by="Dora", seen_generation=1),
        lambda: deploy.schedule_promotion(store, second, at=utc_now() + SOON, by="Dora", seen_generation=1),
        lambda: deploy.promote_model(store, second, by="Dora", seen_generation=1),
    ):
        with pytest.raises(ConflictError, match="Someone else changed"):
            change()
    assert plan_of(store, first).shadow.model_version_id == versions[2].id


def test_only_approved_and_undamaged_versions_take_part(
    store: Store, first: ModelVersion, versions: list[ModelVersion]
) -> None:
    waiting = copy_version(store, first, number=8, status="registered")
    damage(store.files.model(versions[1].id) / "model.onnx")
    for model, error in ((waiting, NotReadyError), (versions[1], BadInputError), (first, ConflictError)):
        with pytest.raises(error):
            deploy.start_canary(store, model.id, share=0.5, by="Cleo", seen_generation=1)
        with pytest.raises(error):
            deploy.start_shadow(store, model.id, by="Cleo", seen_generation=1)
        with pytest.raises(error):
            deploy.schedule_promotion(store, model.id, at=utc_now() + SOON, by="Cleo", seen_generation=1)
    assert plan_of(store, first) == ReleasePlan()


def test_before_anything_is_live_nothing_goes_on_beside_it(store: Store, versions: list[ModelVersion]) -> None:
    with pytest.raises(NotReadyError, match="Nothing is live yet"):
        deploy.start_canary(store, versions[0].id, share=0.5, by="Cleo", seen_generation=0)
    with pytest.raises(NotReadyError, match="nothing to go back to"):
        deploy.promote_model(store, versions[0].id, by="Cleo", seen_generation=0, rules=Rules())
    with pytest.raises(NotReadyError, match="No version takes a share"):
        deploy.stop_canary(store, versions[0].project_id, by="Cleo", seen_generation=0)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_is_more_than_nothing_and_less_than_all(
    store: Store, first: ModelVersion, versions: list[ModelVersion], share: float
) -> None:
    with pytest.raises(BadInputError, match="A share is"):
        deploy.start_canary(store, versions[1].id, share=share, by="Cleo", seen_generation=1)


@pytest.mark.parametrize(
    "rules",
    [
        Rules(minutes=0),
        Rules(minutes=100_000),
        Rules(max_unanswered=None, keep_objective=False),
        Rules(max_unanswered=1.5),
        Rules(max_latency_p95_ms=-1.0),
    ],
)
def test_rules_that_mean_nothing_are_refused(
    store: Store, first: ModelVersion, versions: list[ModelVersion], rules: Rules
) -> None:
    with pytest.raises(BadInputError):
        deploy.promote_model(store, versions[1].id, by="Cleo", seen_generation=1, rules=rules)


def test_a_promotion_ends_what_was_decided_with_another_version_in_mind(
    store: Store, first: ModelVersion, versions: list[ModelVersion]
) -> None:
    _, second, third = versions
    deploy.start_shadow(store, third.id, by="Cleo", seen_generation=1)
    deploy.start_canary(store, second.id, share=0.1, by="Cleo", seen_generation=2, rules=Rules())
    deploy.schedule_promotion(store, third.id, at=utc_now() + SOON, by="Cleo", seen_generation=3)
    deploy.promote_model(store, second.id, by="Cleo", seen_generation=4)
    left = plan_of(store, first)
    assert (left.canary, left.schedule, left.watch) == (None, None, None)
    assert left.shadow.model_version_id == third.id
    deploy.promote_model(store, third.id, by="Cleo", seen_generation=5)
    assert plan_of(store, first) == ReleasePlan()


def test_a_shadow_that_gets_a_share_is_a_shadow_no_longer(
    store: Store, first: ModelVersion, versions: list[ModelVersion]
) -> None:
    deploy.start_shadow(store, versions[1].id, by="Cleo", seen_generation=1)
    after = deploy.start_canary(store, versions[1].id, share=0.1, by="Cleo", seen_generation=2)
    assert after.plan.shadow is None
    with pytest.raises(ConflictError, match="answers a share"):
        deploy.start_shadow(store, versions[1].id, by="Cleo", seen_generation=3)


def test_a_watched_promotion_knows_where_to_go_back_to(
    store: Store, first: ModelVersion, versions: list[ModelVersion]
) -> None:
    rules = Rules(minutes=30, max_latency_p95_ms=50.0)
    after = deploy.promote_model(store, versions[1].id, by="Cleo", seen_generation=1, rules=rules)
    watch = after.plan.watch
    assert (watch.model_version_id, watch.back_to_id, watch.rules) == (versions[1].id, first.id, rules)
    assert watch.ends_at - watch.started_at == timedelta(minutes=30)
    with pytest.raises(ConflictError, match="still being watched"):
        deploy.start_canary(store, versions[2].id, share=0.1, by="Cleo", seen_generation=2, rules=Rules())
    assert deploy.end_watch(store, first.project_id, by="Cleo", seen_generation=2).plan == ReleasePlan()


def test_what_is_planned_for_a_moment_goes_live_then_and_not_before(
    store: Store, first: ModelVersion, versions: list[ModelVersion]
) -> None:
    at = utc_now() + SOON
    deploy.schedule_promotion(store, versions[1].id, at=at, by="Cleo", seen_generation=1, rules=Rules())
    assert deploy.promote_due(store, at - timedelta(seconds=1)) == []
    (live,) = deploy.promote_due(store, at)
    assert (live.model_version_id, live.promoted_by) == (versions[1].id, "Cleo")
    assert live.plan.watch.back_to_id == first.id
    assert live.plan.schedule is None
    assert deploy.promote_due(store, at) == []
    assert "As planned for" in store.find(Release, project_id=first.project_id)[-1].reason


@pytest.mark.parametrize("away", [timedelta(seconds=-1), timedelta(days=400)])
def test_a_moment_that_is_past_or_far_off_is_refused(
    store: Store, first: ModelVersion, versions: list[ModelVersion], away: timedelta
) -> None:
    with pytest.raises(BadInputError, match="has to lie ahead"):
        deploy.schedule_promotion(store, versions[1].id, at=utc_now() + away, by="Cleo", seen_generation=1)


def test_a_plan_taken_back_does_nothing(store: Store, first: ModelVersion, versions: list[ModelVersion]) -> None:
    at = utc_now() + SOON
    deploy.schedule_promotion(store, versions[1].id, at=at, by="Cleo", seen_generation=1)
    deploy.cancel_schedule(store, first.project_id, by="Dora", seen_generation=2)
    assert deploy.promote_due(store, at) == []


def test_what_cannot_go_live_as_planned_is_planned_no_longer_and_the_history_says_why(
    store: Store, first: ModelVersion, versions: list[ModelVersion]
) -> None:
    at = utc_now() + SOON
    deploy.schedule_promotion(store, versions[1].id, at=at, by="Cleo", seen_generation=1)
    damage(store.files.model(versions[1].id) / "model.skops")
    assert deploy.promote_due(store, at) == []
    live = store.releases.current(first.project_id)
    assert (live.model_version_id, live.plan.schedule) == (first.id, None)
    last = store.find(Release, project_id=first.project_id)[-1]
    assert (last.action, last.promoted_by) == ("cancel_schedule", deploy.AUTOMATIC)
    assert "could not be made live as planned" in last.reason
    assert "model.skops" in last.reason


def test_two_runners_promote_once(store: Store, first: ModelVersion, versions: list[ModelVersion]) -> None:
    for round_ in range(10):
        seen = store.releases.current(first.project_id).generation
        other = versions[1 + round_ % 2]
        at = utc_now() + SOON
        deploy.schedule_promotion(store, other.id, at=at, by="Cleo", seen_generation=seen)
        with ThreadPoolExecutor(2) as pool:
            done = [live for part in pool.map(lambda _: deploy.promote_due(store, at), range(2)) for live in part]  # noqa: B023
        assert [live.model_version_id for live in done] == [other.id]
    assert [one.generation for one in store.find(Release, project_id=first.project_id)] == list(range(1, 22))


def test_of_several_who_change_different_things_at_once_one_wins(
    store: Store, first: ModelVersion, versions: list[ModelVersion]
) -> None:
    _, second, third = versions

    def attempt(number: int, seen: int) -> Deployment | LifecycleError:
        try:
            if number == 0:
                return deploy.start_canary(store, second.id, share=0.1, by="Ann", seen_generation=seen)
            if number == 1:
                return deploy.start_shadow(store, third.id, by="Bea", seen_generation=seen)
            return deploy.schedule_promotion(store, third.id, at=utc_now() + SOON, by="Cy", seen_generation=seen)
        except ConflictError as error:
            return error

    with ThreadPoolExecutor(3) as pool:
        for seen in range(1, 11):
            outcomes = list(pool.map(lambda number: attempt(number, seen), range(3)))  # noqa: B023
            assert sum(isinstance(outcome, Deployment) for outcome in outcomes) == 1
