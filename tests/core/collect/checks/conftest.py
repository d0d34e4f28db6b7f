"""Tables with planted truths, and clean ones, to run checks on."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan
from core.records import CheckReport, CheckResult, DatasetVersion
from core.store import Store, open_store

MakeTable = Callable[..., DatasetVersion]
Check = Callable[..., CheckResult]


def patients(n_rows: int = 400, random_state: int = 0) -> pd.DataFrame:
    """A clean table in which nothing is to be complained of: every kind of column, and a target with honest signal."""
    rng = np.random.default_rng(random_state)
    age = rng.uniform(20, 80, n_rows).round(1)
    ill = age / 60 + rng.normal(0, 1, n_rows) > 0.9
    return pd.DataFrame(
        {
            "age": age,
            "pressure": rng.normal(120, 15, n_rows).round(2),
            "colour": rng.choice(["red", "green", "blue"], n_rows),
            "smokes": pd.Series(rng.choice([True, False], n_rows), dtype=object),
            "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(n_rows * 3)[:n_rows], unit="h"),
            "ill": np.where(ill, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all tests here: each makes a project of its own, and a new store takes longer than a check."""
    opened = open_store(tmp_path_factory.mktemp("home"))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def make_table(store: Store) -> MakeTable:
    """A function that stores a frame as the table of a new project."""

    def make(frame: pd.DataFrame) -> DatasetVersion:
        project = plan.create_project(store, "Patients", by="Ada")
        table = pa.Table.from_pandas(frame, preserve_index=False)
        return collect.add_table(store, project.id, table, filename="patients.csv", by="Ada", source="upload")

    return make


@pytest.fixture
def report(store: Store, make_table: MakeTable) -> Callable[..., CheckReport]:
    """A function that runs all checks on a frame."""

    def run(frame: pd.DataFrame, target: str | None = "ill", task: str | None = "binary") -> CheckReport:
        return collect.run_checks(store, make_table(frame).id, target=target, task=task if target is not None else None)

    return run


@pytest.fixture
def check(report: Callable[..., CheckReport]) -> Check:
    """A function that returns the result of one check on a frame."""

    def run(code: str, frame: pd.DataFrame, target: str | None = "ill", task: str | None = "binary") -> CheckResult:
        return report(frame, target, task).result(code)

    return run
