"""The models that are served: fitted once on a table of 15 mixed columns, and made ready for each of the services."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from core import collect, deploy, plan, prepare
from core.deploy.answers import OnnxScorer
from core.deploy.graph_inputs import NUMBERS, TEXTS
from core.evaluate.model_folder import read_model, write_manifest, write_model
from core.records import Candidate, ModelVersion, TrainingRun
from core.store import Store, open_store
from tests.model_worlds import METRICS, World, evaluate_candidate, promote

N_ROWS = 5_000
N_NUMBERS = 8
LEVELS = {"shop": 5, "region": 8, "channel": 3, "brand": 20, "product": 30}
FLAGS = ("member", "online")
MODELS: dict[str, tuple[str, BaseEstimator]] = {
    "random forest, 100 trees": (
        "binary",
        RandomForestClassifier(100, min_samples_leaf=2, max_features="sqrt", n_jobs=1, random_state=0),
    ),
    "linear regression": ("regression", Ridge(random_state=0)),
    "gradient boosting": ("binary", HistGradientBoostingClassifier(early_stopping=False, random_state=0)),
}


@dataclass(frozen=True)
class Served:
    """What the services need of one model: a home with it live, a joblib file, a folder for the bare graph, rows."""

    home: Path
    slug: str
    plain: Path
    bare: Path
    rows: list[dict[str, Any]]


def make_frame(task: str) -> pd.DataFrame:
    """Return the table: 8 numbers, 2 truth values, 5 categories, some gaps, and the target `y`."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"number {index}": rng.normal(index, 1 + index, N_ROWS) for index in range(N_NUMBERS)})
    for name, n_levels in LEVELS.items():
        frame[name] = rng.choice([f"{name} {level}" for level in range(n_levels)], N_ROWS)
    for name in FLAGS:
        frame[name] = rng.choice([True, False], N_ROWS)
    score = frame["number 1"] + (frame["shop"] == "shop 1") + frame["member"] + rng.normal(0, 1, N_ROWS)
    frame["y"] = score * 10 if task == "regression" else np.where(score > score.median(), "yes", "no")
    frame.loc[rng.random(N_ROWS) < 0.05, "number 2"] = np.nan
    frame.loc[rng.random(N_ROWS) < 0.05, "brand"] = None
    return frame


def make_served(folder: Path, name: str) -> Served:
    """Fit a model and make it ready for every service, below an empty folder."""
    task, estimator = MODELS[name]
    frame = make_frame(task)
    store = open_store(folder / "home")
    world = _make_world(store, task, frame)
    model = _make_live(store, world, estimator)
    plain = folder / "plain.joblib"
    joblib.dump(_plain_pipeline(estimator).fit(frame.drop(columns="y"), frame["y"]), plain)
    bare = _make_bare(folder / "bare", store, model)
    rows = deploy.request_rows(deploy.load_prototype(store, model.id), frame.dropna().drop(columns="y").head(100))
    store.engine.dispose()
    return Served(folder / "home", world.project.slug, plain, bare, rows)


def _make_world(store: Store, task: str, frame: pd.DataFrame) -> World:
    project = plan.create_project(store, "Served", by="Anna")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    collect.add_table(store, project.id, table, filename="orders.csv", by="Anna", source="upload")
    plan.change_objective(store, project.id, by="Anna", target="y", task=task, metric=METRICS[task], minimum=0.5)
    recipe = prepare.save_recipe(store, prepare.propose_recipe(store, project.id, by="Anna"))
    run = store.add(TrainingRun(project.id, recipe.dataset_id, recipe.id, METRICS[task], (), status="done"))
    return World(project, recipe, run, frame)


def _make_live(store: Store, world: World, estimator: BaseEstimator) -> ModelVersion:
    family = "linear" if world.recipe.task == "regression" else "random_forest"
    candidate = store.add(Candidate(world.run.id, world.project.id, family, status="done", n_rows_used=N_ROWS))
    pipeline = prepare.build_pipeline(world.recipe, estimator, dense=True)
    pipeline.fit(*prepare.features_and_target(prepare.split_rows(store, world.recipe).train, world.recipe))
    with store.files.write_folder(store.files.candidate(candidate.id)) as folder:
        write_model(pipeline, folder)
        write_manifest(folder)
    model = deploy.register_model(store, evaluate_candidate(store, candidate).id, by="Anna")
    return promote(store, deploy.approve_model(store, model.id, by="Bert"))


def _plain_pipeline(estimator: BaseEstimator) -> Pipeline:
    numbers = [f"number {index}" for index in range(N_NUMBERS)]
    blocks = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            ("levels", OneHotEncoder(handle_unknown="ignore", sparse_output=False), [*LEVELS, *FLAGS]),
        ]
    )
    return Pipeline([("features", blocks), ("model", estimator)])


def _make_bare(folder: Path, store: Store, model: ModelVersion) -> Path:
    """Write the graph the service uses, and which columns go into which of its inputs."""
    source = store.files.model(model.id)
    if model.engine != "onnx":
        raise SystemExit(f"The model is not served by ONNX Runtime: {model.engine_reason}")
    folder.mkdir()
    shutil.copy(source / "model.onnx", folder)
    feed = OnnxScorer(read_model(source), source / "model.onnx").feed
    rows = deploy.request_rows(deploy.load_prototype(store, model.id), make_frame("binary").drop(columns="y").head(1))
    feed.from_rows(rows)
    if feed.blocks is None:
        raise SystemExit("The graph has another layout than this benchmark knows.")
    columns = {NUMBERS: feed.blocks.numbers, TEXTS: feed.blocks.texts}
    (folder / "columns.json").write_text(json.dumps(columns))
    return folder
