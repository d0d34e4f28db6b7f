"""Projects with a trained, evaluated and registered model, made quickly through the product's own parts."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from core import collect, deploy, evaluate, plan, prepare
from core.evaluate.model_folder import write_manifest, write_model
from core.records import Candidate, Evaluation, ModelVersion, Project, Recipe, Release, TrainingRun, new_id, utc_now
from core.records.model import ModelStatus
from core.store import JobHandle, Store
from core.train.fitting import FitSpec, fit_pipeline, score_fold
from core.train.folds import make_folds
from core.train.out_of_fold import add_folds

METRICS = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "neg_mean_absolute_error"}
DATES = pd.Timestamp("2020-01-01")


@dataclass(frozen=True)
class World:
    """One project and what was made in it."""

    project: Project
    recipe: Recipe
    run: TrainingRun
    frame: pd.DataFrame


def make_frame(task: str = "binary", n_rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Return a table with every kind of column, some gaps, and a target that can be learned."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "distance": rng.normal(1000, 300, n_rows).round(1),
            "delay": rng.exponential(10, n_rows).round(1),
            "carrier": rng.choice(["UA", "AA", "B6", "Ünïcode"], n_rows, p=[0.5, 0.3, 0.15, 0.05]),
            "holiday": rng.choice([True, False], n_rows),
            "scheduled": DATES + pd.to_timedelta(rng.integers(0, 9000, n_rows), unit="h"),
        }
    )
    score = (frame["distance"] - 1000) / 300 + (frame["carrier"] == "UA") + rng.normal(0, 0.5, n_rows)
    frame["late"] = {
        "binary": np.where(score > 0.5, "yes", "no"),
        "multiclass": np.select([score > 1, score > 0], ["very", "some"], "none"),
        "regression": (score * 20).round(2),
    }[task]
    frame.loc[: n_rows // 10, "delay"] = np.nan
    frame.loc[n_rows // 10 : n_rows // 8, "carrier"] = None
    return frame


def make_world(store: Store, name: str, *, task: str = "binary", seed: int = 0) -> World:
    """Create a project with table, objective, recipe and a finished training run."""
    frame = make_frame(task, seed=seed)
    project = plan.create_project(store, name, by="Anna")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    collect.add_table(store, project.id, table, filename="flights.csv", by="Anna", source="upload")
    minimum = 30.0 if task == "regression" else 0.6
    plan.change_objective(store, project.id, by="Anna", target="late", task=task, metric=METRICS[task], minimum=minimum)
    recipe = prepare.save_recipe(store, prepare.propose_recipe(store, project.id, by="Anna"))
    run = store.add(TrainingRun(project.id, recipe.dataset_id, recipe.id, METRICS[task], ("linear",), status="done"))
    return World(project, recipe, run, frame)


def add_candidate(store: Store, world: World, family: str = "linear", *, seed: int = 0) -> Candidate:
    """Add a candidate that is done, with its fitted pipeline in place."""
    candidate = store.add(Candidate(world.run.id, world.project.id, family, status="done", n_rows_used=320))
    spec = FitSpec(world.recipe, family, world.run.metric, seed)
    pipeline = fit_pipeline(spec, prepare.split_rows(store, world.recipe).train)
    with store.files.write_folder(store.files.candidate(candidate.id)) as folder:
        write_model(pipeline, folder)
        write_manifest(folder)
    return candidate


def count_out_of_fold(
    store: Store, world: World, candidate: Candidate, *, positive_label: str | None = None
) -> Candidate:
    """Let two folds count the chances of a candidate, as training does."""
    data = make_folds(prepare.split_rows(store, world.recipe).train, world.recipe, 2)
    spec = FitSpec(world.recipe, candidate.family, world.run.metric, 0, positive_label)
    scores = [score_fold(spec, data.frame.iloc[learn], data.frame.iloc[score]) for learn, score in data.folds]
    return store.update(candidate, out_of_fold=add_folds([score.out_of_fold for score in scores]))


def evaluate_candidate(store: Store, candidate: Candidate, *, threshold: float | None = None) -> Evaluation:
    """Evaluate a candidate as the job runner would."""
    job = evaluate.start_evaluation(
        store, candidate.project_id, candidate_ids=[candidate.id], by="Anna", threshold=threshold
    )
    result = evaluate.run_evaluation(JobHandle(store, job))
    return store.get(Evaluation, result["evaluation_ids"][0])


def register(store: Store, world: World, family: str = "linear", *, seed: int = 0) -> ModelVersion:
    """Return a registered model version of a family."""
    candidate = add_candidate(store, world, family, seed=seed)
    return deploy.register_model(store, evaluate_candidate(store, candidate).id, by="Anna")


def approve(store: Store, world: World, family: str = "linear", *, seed: int = 0) -> ModelVersion:
    """Return a model version that Bert has approved."""
    return deploy.approve_model(store, register(store, world, family, seed=seed).id, by="Bert")


def promote(store: Store, model: ModelVersion) -> ModelVersion:
    """Make a version live, whatever is live now, and return it."""
    live = store.releases.current(model.project_id)
    deploy.promote_model(store, model.id, by="Bert", seen_generation=live.generation if live else 0)
    return model


def copy_version(store: Store, model: ModelVersion, *, number: int, status: ModelStatus = "approved") -> ModelVersion:
    """Return another version with the same files: registering takes seconds, copying does not."""
    copied = replace(
        model,
        id=new_id(),
        number=number,
        status=status,
        candidate_id=new_id(),
        approved_by="Bert" if status == "approved" else None,
    )
    shutil.copytree(store.files.model(model.id), store.files.model(copied.id))
    return store.add(copied)


def damage(path: Path) -> None:
    """Flip one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def promote_damaged(store: Store, model: ModelVersion) -> None:
    """Make a version live whose file is damaged: after its promotion, but before the service can have loaded it."""
    live = store.releases.current(model.project_id)
    assert live is not None
    damage(store.files.model(model.id) / "model.skops")
    release = Release(model.project_id, model.id, live.generation + 1, "promote", "Bert")
    store.releases.swap(release, seen_generation=live.generation, now=utc_now())
