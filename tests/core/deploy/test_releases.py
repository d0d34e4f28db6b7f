"""Approval by a second person, promotion by compare-and-swap, laps and roll-back."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from core import deploy
from core.errors import BadInputError, ConflictError, NotReadyError
from core.records import Deployment, Evaluation, Lap, ModelVersion, Project, Release
from core.store import Store
from core.train import tracking_client
from tests.core.deploy.conftest import Registered
from tests.model_worlds import copy_version, damage


def test_whoever_asked_for_a_version_cannot_approve_it(registered: Registered) -> None:
    model = copy_version(registered.store, registered.model, number=7, status="registered")
    for name in ("Anna", " anna ", "ANNA"):
        with pytest.raises(ConflictError, match="cannot approve it"):
            deploy.approve_model(registered.store, model.id, by=name)
    assert registered.store.get(ModelVersion, model.id).status == "registered"


def test_a_second_person_approves_once(registered: Registered) -> None:
    model = copy_version(registered.store, registered.model, number=8, status="registered")
    approved = deploy.approve_model(registered.store, model.id, by="Bert")
    assert (approved.status, approved.approved_by) == ("approved", "Bert")
    with pytest.raises(ConflictError, match="approved already"):
        deploy.approve_model(registered.store, model.id, by="Cleo")
    with pytest.raises(BadInputError, match="needs a name"):
        deploy.approve_model(registered.store, model.id, by="  ")


def test_changed_files_are_not_approved(registered: Registered) -> None:
    model = copy_version(registered.store, registered.model, number=9, status="registered")
    damage(registered.store.files.model(model.id) / "model.onnx")
    with pytest.raises(BadInputError, match=r"model\.onnx"):
        deploy.approve_model(registered.store, model.id, by="Bert")


def test_nothing_goes_live_without_approval(registered: Registered) -> None:
    with pytest.raises(NotReadyError, match="has not been approved"):
        deploy.promote_model(registered.store, registered.model.id, by="Bert", seen_generation=0)
    assert deploy.live_model(registered.store, registered.model.project_id) is None


def test_files_changed_after_the_approval_do_not_go_live(registered: Registered, versions: list[ModelVersion]) -> None:
    damage(registered.store.files.model(versions[0].id) / "model.skops")
    with pytest.raises(BadInputError, match=r"model\.skops"):
        deploy.promote_model(registered.store, versions[0].id, by="Bert", seen_generation=0)
    assert deploy.live_model(registered.store, versions[0].project_id) is None


def test_a_first_promotion_completes_a_lap_and_a_second_one_does_not(
    registered: Registered, versions: list[ModelVersion]
) -> None:
    store, project_id = registered.store, versions[0].project_id
    deploy.promote_model(store, versions[0].id, by="Bert", seen_generation=0)
    deploy.promote_model(store, versions[1].id, by="Bert", seen_generation=1, reason="Drift in May")
    deploy.promote_model(store, versions[0].id, by="Bert", seen_generation=2)
    laps = store.find(Lap, project_id=project_id)
    assert [(lap.number, lap.model_version_id) for lap in laps] == [(1, versions[0].id), (2, versions[1].id)]
    assert laps[1].reason == "Drift in May"
    evaluation = store.get(Evaluation, versions[1].evaluation_id)
    assert (laps[1].metric, laps[1].value) == ("roc_auc", evaluation.metrics[0].value)


def test_what_is_live_is_not_promoted_again(registered: Registered, versions: list[ModelVersion]) -> None:
    deploy.promote_model(registered.store, versions[0].id, by="Bert", seen_generation=0)
    with pytest.raises(ConflictError, match="live already"):
        deploy.promote_model(registered.store, versions[0].id, by="Bert", seen_generation=1)


def test_who_looked_at_something_older_is_told(registered: Registered, versions: list[ModelVersion]) -> None:
    deploy.promote_model(registered.store, versions[0].id, by="Bert", seen_generation=0)
    with pytest.raises(ConflictError, match="Someone else changed"):
        deploy.promote_model(registered.store, versions[1].id, by="Cleo", seen_generation=0)
    live = deploy.live_model(registered.store, versions[0].project_id)
    assert live is not None
    assert live.id == versions[0].id


def test_of_several_who_promote_at_once_one_wins_and_the_others_are_told(
    registered: Registered, versions: list[ModelVersion]
) -> None:
    store, project_id = registered.store, versions[0].project_id

    def try_to_promote(model: ModelVersion, generation: int) -> Deployment | ConflictError:
        try:
            return deploy.promote_model(store, model.id, by="Bert", seen_generation=generation)
        except ConflictError as error:
            return error

    with ThreadPoolExecutor(3) as pool:
        for generation in range(10):
            outcomes = list(pool.map(lambda model: try_to_promote(model, generation), versions))  # noqa: B023
            assert sum(isinstance(outcome, Deployment) for outcome in outcomes) == 1
    releases = store.find(Release, project_id=project_id)
    assert [release.generation for release in releases] == list(range(1, 11))
    assert store.releases.current(project_id).generation == 10
    assert [lap.number for lap in store.find(Lap, project_id=project_id)] == list(
        range(1, len({release.model_version_id for release in releases}) + 1)
    )


def test_rolling_back_goes_back_step_by_step_and_is_no_lap(
    registered: Registered, versions: list[ModelVersion]
) -> None:
    store, project_id = registered.store, versions[0].project_id
    for generation, model in enumerate(versions):
        deploy.promote_model(store, model.id, by="Bert", seen_generation=generation)
    assert deploy.roll_back(store, project_id, by="Cleo", seen_generation=3).model_version_id == versions[1].id
    assert deploy.roll_back(store, project_id, by="Cleo", seen_generation=4).model_version_id == versions[0].id
    with pytest.raises(NotReadyError, match="Nothing was live before"):
        deploy.roll_back(store, project_id, by="Cleo", seen_generation=5)
    assert store.count(Lap, project_id=project_id) == 3
    assert store.find(Release, project_id=project_id)[-1].action == "roll_back"


def test_rolling_back_from_something_older_is_told(registered: Registered, versions: list[ModelVersion]) -> None:
    store = registered.store
    for generation, model in enumerate(versions[:2]):
        deploy.promote_model(store, model.id, by="Bert", seen_generation=generation)
    with pytest.raises(ConflictError):
        deploy.roll_back(store, versions[0].project_id, by="Cleo", seen_generation=1)


def test_any_earlier_version_can_be_gone_back_to_in_one_step(
    registered: Registered, versions: list[ModelVersion]
) -> None:
    store, project_id = registered.store, versions[0].project_id
    for generation, model in enumerate(versions):
        deploy.promote_model(store, model.id, by="Bert", seen_generation=generation)
    assert deploy.earlier_versions(store, project_id) == (versions[1], versions[0])
    back = deploy.roll_back(store, project_id, by="Cleo", seen_generation=3, to_id=versions[0].id, reason="Complaints")
    assert back.model_version_id == versions[0].id
    assert deploy.earlier_versions(store, project_id) == (versions[2], versions[1])
    last = store.find(Release, project_id=project_id)[-1]
    assert (last.action, last.promoted_by, last.reason) == ("roll_back", "Cleo", "Complaints")
    with pytest.raises(ConflictError, match="live now"):
        deploy.roll_back(store, project_id, by="Cleo", seen_generation=4, to_id=versions[0].id)


def test_a_version_that_was_never_live_is_not_gone_back_to(
    registered: Registered, versions: list[ModelVersion]
) -> None:
    deploy.promote_model(registered.store, versions[0].id, by="Bert", seen_generation=0)
    with pytest.raises(NotReadyError, match="Version 2 was never live"):
        deploy.roll_back(registered.store, versions[0].project_id, by="Cleo", seen_generation=1, to_id=versions[1].id)


def test_nothing_live_cannot_be_rolled_back(store: Store) -> None:
    project = store.add(Project("P", "p"))
    with pytest.raises(NotReadyError):
        deploy.roll_back(store, project.id, by="Cleo", seen_generation=0)


def test_mlflow_knows_the_version_and_who_is_champion(registered: Registered) -> None:
    store = registered.store
    client = tracking_client(store)
    model = registered.model
    entered = client.get_model_version(model.mlflow_name, model.mlflow_version)
    assert entered.tags["full_circle.digest"] == model.digest
    assert entered.source == store.files.model(model.id).as_uri()
    approved = deploy.approve_model(store, model.id, by="Bert")
    deploy.promote_model(store, approved.id, by="Bert", seen_generation=0)
    champion = client.get_model_version_by_alias(model.mlflow_name, "champion")
    assert champion.version == int(model.mlflow_version or 0)


def test_a_roll_back_works_while_mlflow_is_away(
    registered: Registered, versions: list[ModelVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = registered.store
    for generation, model in enumerate(versions[:2]):
        deploy.promote_model(store, model.id, by="Bert", seen_generation=generation)
    monkeypatch.setenv("FULL_CIRCLE_MLFLOW", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    back = deploy.roll_back(store, versions[0].project_id, by="Cleo", seen_generation=2)
    assert back.model_version_id == versions[0].id


def test_registering_without_mlflow_fails_in_plain_words_and_leaves_nothing(
    registered: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.deploy.registry import register_version

    monkeypatch.setenv("FULL_CIRCLE_MLFLOW", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(NotReadyError, match=r"MLflow at http://127\.0\.0\.1:9"):
        register_version(registered.store, "x", registered.model.id, None, digest="d")


def test_registering_the_same_candidate_again_gives_the_same_version(registered: Registered) -> None:
    again = deploy.register_model(registered.store, registered.model.evaluation_id, by="Cleo")
    assert again.id == registered.model.id
