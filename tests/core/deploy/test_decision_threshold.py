"""A registered model answers by its decision threshold in every form: graph, files, golden rows, folder."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import joblib
import numpy as np
import onnxruntime
import pytest
import skops.io
from threadpoolctl import threadpool_limits

from core import deploy, evaluate, plan, prepare
from core.deploy.answers import OnnxScorer, PipelineScorer
from core.deploy.engine import choose_engine
from core.deploy.prototype import request_rows
from core.deploy.taken.client import PredictionClient
from core.evaluate.model_folder import TRUSTED_TYPES, read_model, write_manifest, write_model
from core.records import Candidate, DecisionThreshold, ModelVersion
from core.store import Store, open_store
from core.train import FAMILIES
from core.train.fitting import FitSpec, fit_pipeline
from tests.core.deploy.conftest import Registered
from tests.model_worlds import (
    World,
    add_candidate,
    copy_version,
    count_out_of_fold,
    evaluate_candidate,
    make_world,
    register,
)
from tests.taken_away import folder_serving_on_linked_packages, link_packages
from tests.waiting import wait_for

MISSED = 10.0


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(tmp_path_factory.mktemp("threshold") / "home")
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def costly(store: Store) -> tuple[World, Candidate]:
    world = make_world(store, "Costly flights")
    plan.change_objective(store, world.project.id, by="Anna", cost_false_positive=1.0, cost_false_negative=MISSED)
    return world, count_out_of_fold(store, world, add_candidate(store, world))


@pytest.fixture(scope="module")
def model(store: Store, costly: tuple[World, Candidate]) -> ModelVersion:
    return deploy.register_model(store, evaluate_candidate(store, costly[1]).id, by="Anna")


def expected_answers(store: Store, model: ModelVersion, frame: object) -> list[str]:
    threshold = deploy.load_prototype(store, model.id).threshold
    assert threshold is not None
    proba = evaluate.load_fitted(store, model.candidate_id).predict_proba(frame)[:, 1]
    answers: list[str] = np.where(proba >= threshold.value, "yes", "no").tolist()
    return answers


def is_listening(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ping", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("family", [family.key for family in FAMILIES if "binary" in family.tasks])
def test_the_graph_of_every_family_answers_by_the_threshold(
    store: Store, costly: tuple[World, Candidate], tmp_path: Path, family: str
) -> None:
    world, _ = costly
    rows = prepare.split_rows(store, world.recipe)
    with threadpool_limits(1):
        pipeline = fit_pipeline(FitSpec(world.recipe, family, "roc_auc", 0), rows.train)
    frame = world.frame.drop(columns="late")
    # One that many chances equal to the last digit, where votes are counted: single precision has to say the same.
    chances = np.round(pipeline.predict_proba(frame)[:, 1], 3)
    values, counts = np.unique(chances[(chances > 0) & (chances < 0.45)], return_counts=True)
    value = float(values[counts.argmax()]) if len(values) else 0.2
    decided = evaluate.apply_threshold(pipeline, DecisionThreshold(value, "yes"))
    write_model(decided, tmp_path)
    engine, reason = choose_engine(read_model(tmp_path), tmp_path, frame)
    assert engine == "onnx", reason
    said, proba = OnnxScorer(decided, tmp_path / "model.onnx").score(frame)
    assert proba is not None
    assert said.tolist() == PipelineScorer(decided).score(frame)[0].tolist()
    assert said.tolist() == np.where(pipeline.predict_proba(frame)[:, 1] >= value - 1e-5, "yes", "no").tolist()
    assert np.allclose(proba, pipeline.predict_proba(frame), atol=1e-4)


def test_a_loaded_version_answers_by_it_as_a_table_and_as_rows(
    store: Store, costly: tuple[World, Candidate], model: ModelVersion
) -> None:
    assert model.engine == "onnx"
    frame = costly[0].frame.drop(columns="late")
    loaded = deploy.load_model(store, model.id)
    expected = expected_answers(store, model, frame)
    assert loaded.predict(frame).predictions == expected
    assert loaded.predict_rows(request_rows(loaded.prototype, frame)).predictions == expected
    likelier = evaluate.load_fitted(store, model.candidate_id).predict(frame).tolist()
    assert expected.count("yes") > likelier.count("yes")


def test_every_file_that_people_take_answers_by_it_too(
    store: Store, costly: tuple[World, Candidate], model: ModelVersion
) -> None:
    frame = costly[0].frame.drop(columns="late")
    expected = expected_answers(store, model, frame)
    files = {name: deploy.read_model_file(store, model.id, name) for name in ("model.joblib", "model.skops")}
    assert joblib.load(io.BytesIO(files["model.joblib"])).predict(frame).tolist() == expected
    opened = skops.io.loads(files["model.skops"], trusted=list(TRUSTED_TYPES))
    assert opened.predict(frame).tolist() == expected
    session = onnxruntime.InferenceSession(deploy.read_model_file(store, model.id, "model.onnx"))
    feed = OnnxScorer(opened, store.files.model(model.id) / "model.onnx").feed
    assert session.run(None, feed.from_table(frame))[0].tolist() == expected
    assert [one.name for one in session.get_outputs()] == list(deploy.describe_graph(store, model.id).outputs)


def test_the_prototype_names_it_without_what_mistakes_cost(store: Store, model: ModelVersion) -> None:
    text = (store.files.model(model.id) / "prototype.json").read_text(encoding="utf-8")
    told = json.loads(text)["threshold"]
    assert (told["positive_label"], told["reason"], told["chosen_by"]) == ("yes", "", "")
    assert 0 < told["value"] < 0.3
    assert "cost" not in text


def test_rules_see_how_sure_it_is_of_the_answer_it_gave(
    store: Store, costly: tuple[World, Candidate], model: ModelVersion
) -> None:
    dry_run = deploy.load_dry_run(store, model.id)
    assert dry_run is not None
    sure = np.array(dry_run.confidence, dtype=float)
    assert ((sure > 0.1) & (sure < 0.5)).any()
    test = prepare.split_rows(store, costly[0].recipe).test
    expected = deploy.load_model(store, model.id).predict(test.drop(columns="late"))
    assert expected.probabilities is not None
    rows = zip(expected.probabilities, expected.predictions, strict=True)
    assert sorted(sure) == pytest.approx(sorted(row[str(said)] for row, said in rows), abs=1e-4)


def test_another_threshold_is_another_version_and_the_same_is_the_same(
    store: Store, costly: tuple[World, Candidate], model: ModelVersion
) -> None:
    again = deploy.register_model(store, evaluate_candidate(store, costly[1]).id, by="Anna")
    assert again.id == model.id
    chosen = evaluate_candidate(store, costly[1], threshold=0.7)
    other = deploy.register_model(store, chosen.id, by="Anna")
    assert other.number == model.number + 1
    assert other.digest != model.digest
    threshold = deploy.load_prototype(store, other.id).threshold
    assert threshold is not None
    assert (threshold.value, threshold.chosen_by) == (0.7, "Anna")
    assert deploy.register_model(store, chosen.id, by="Anna").id == other.id
    assert deploy.register_model(store, evaluate_candidate(store, costly[1]).id, by="Anna").id == model.id


def test_the_folder_taken_away_says_it_and_answers_by_it(
    store: Store, costly: tuple[World, Candidate], model: ModelVersion, tmp_path: Path
) -> None:
    approved = deploy.approve_model(store, model.id, by="Bert")
    folder = deploy.export_folder(store, approved.id, tmp_path)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    threshold = deploy.load_prototype(store, model.id).threshold
    assert threshold is not None
    assert f"It says 'yes' from a chance of {100 * threshold.value:.3g} % on." in readme
    assert "built into each form of the model" in readme
    frame = costly[0].frame.drop(columns="late")
    rows = request_rows(deploy.load_prototype(store, model.id), frame)
    packages = link_packages(folder / "requirements.txt", tmp_path / "site")
    with folder_serving_on_linked_packages(folder, packages) as address:
        wait_for(lambda: is_listening(address))
        said = PredictionClient(address, costly[0].project.slug).predict(rows)
    assert [answer.prediction for answer in said] == expected_answers(store, model, frame)


def test_a_version_from_before_there_were_thresholds_answers_as_before(registered: Registered, tmp_path: Path) -> None:
    old = copy_version(registered.store, registered.model, number=60)
    folder = registered.store.files.model(old.id)
    prototype = json.loads((folder / "prototype.json").read_text(encoding="utf-8"))
    del prototype["threshold"]
    (folder / "prototype.json").write_text(json.dumps(prototype), encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest["files"]
    old = registered.store.update(old, digest=write_manifest(folder, manifest))
    frame = registered.world.frame.drop(columns="late")
    expected = evaluate.load_fitted(registered.store, registered.model.candidate_id).predict(frame).tolist()
    loaded = deploy.load_model(registered.store, old.id)
    assert loaded.prototype.threshold is None
    assert loaded.predict(frame).predictions == expected
    readme = deploy.export_folder(registered.store, old.id, tmp_path) / "README.md"
    assert "Its answer is the class with the highest chance." in readme.read_text(encoding="utf-8")


def test_numbers_and_several_classes_have_no_threshold(store: Store) -> None:
    for task in ("multiclass", "regression"):
        model = register(store, make_world(store, f"World of {task}", task=task))
        assert deploy.load_prototype(store, model.id).threshold is None


def test_the_positive_class_may_be_the_first_one(store: Store, tmp_path: Path) -> None:
    world = make_world(store, "The other way round", seed=2)
    plan.change_objective(
        store, world.project.id, by="Anna", positive_label="no", cost_false_positive=1.0, cost_false_negative=MISSED
    )
    candidate = store.add(Candidate(world.run.id, world.project.id, "linear", status="done", n_rows_used=320))
    counted = count_out_of_fold(store, world, candidate, positive_label="no")
    found = evaluate_candidate(store, counted)
    assert found.threshold is not None
    assert found.threshold.positive_label == "no"
    model = deploy.register_model(store, found.id, by="Anna")
    frame = world.frame.drop(columns="late")
    proba = evaluate.load_fitted(store, candidate.id).predict_proba(frame)[:, 0]
    expected = np.where(proba >= found.threshold.value, "no", "yes").tolist()
    assert deploy.load_model(store, model.id).predict(frame).predictions == expected
