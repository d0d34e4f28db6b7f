"""A project with every kind of column: numbers, truth values, few and many categories, dates, free text, gaps."""

import numpy as np
import pandas as pd
import pyarrow as pa

from core import collect, plan, prepare
from core.records import TrainingRun
from core.store import Store
from tests.model_worlds import METRICS, World

WORDS = ["late", "early", "storm", "crew", "fuel", "gate", "bag", "weather", "ramp", "snow", "strike", "wind", "fog"]
START = pd.Timestamp("2021-03-01T05:00:00")


def make_mixed_frame(task: str, n_rows: int, seed: int = 0) -> pd.DataFrame:
    """Return 15 columns of all kinds, with gaps in some, and the target `y`, which can be learned."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"number {index}": rng.normal(index, 1 + index, n_rows).round(3) for index in range(6)})
    frame["whole"] = rng.integers(0, 40, n_rows)
    frame["shop"] = rng.choice(["north", "south", "Zürich", "西"], n_rows)
    frame["product"] = rng.choice([f"article {number}" for number in range(12)], n_rows)
    frame["customer"] = rng.choice([f"customer {number}" for number in range(max(60, n_rows // 20))], n_rows)
    frame["member"] = rng.choice([True, False], n_rows)
    frame["online"] = rng.choice([True, False], n_rows).astype(object)
    frame["ordered"] = START + pd.to_timedelta(rng.integers(0, 900 * 24 * 60, n_rows), unit="min")
    frame["due"] = (frame["ordered"] + pd.to_timedelta(rng.integers(1, 90, n_rows), unit="D")).dt.normalize()
    frame["note"] = [" ".join(rng.choice(WORDS, rng.integers(2, 9))) + f" {number}" for number in range(n_rows)]
    score = frame["number 1"] - 1 + (frame["shop"] == "north") + frame["note"].str.contains("storm") * 1.5
    score += frame["online"].astype(float) + rng.normal(0, 0.5, n_rows)
    frame["y"] = {
        "binary": np.where(score > score.median(), "yes", "no"),
        "multiclass": np.select([score > 2, score > 0.5], ["high", "middle"], "low"),
        "regression": (score * 20).round(2),
    }[task]
    for column in ("number 2", "product", "online", "due", "note"):
        frame.loc[rng.random(n_rows) < 0.07, column] = None
    return frame


def make_mixed_world(store: Store, task: str, n_rows: int) -> World:
    """Create a project over such a table, with objective, recipe and a finished training run."""
    frame = make_mixed_frame(task, n_rows)
    project = plan.create_project(store, f"Mixed {task}", by="Anna")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    collect.add_table(store, project.id, table, filename="orders.csv", by="Anna", source="upload")
    plan.change_objective(store, project.id, by="Anna", target="y", task=task, metric=METRICS[task], minimum=0.6)
    recipe = prepare.save_recipe(store, prepare.propose_recipe(store, project.id, by="Anna"))
    run = store.add(TrainingRun(project.id, recipe.dataset_id, recipe.id, METRICS[task], ("linear",), status="done"))
    return World(project, recipe, run, frame)
