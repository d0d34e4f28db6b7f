"""A running service with a live model, and plays against it."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from core import collect, simulate
from core.errors import LifecycleError
from core.records import DatasetVersion, Fault, Job, Json, utc_now
from core.store import JobHandle, LabelledPrediction, Store
from tests.model_worlds import World


class DyingHandle(JobHandle):
    """A handle whose work is killed after some reports."""

    n_reports = 0

    def report(self, progress: float, message: str) -> None:
        super().report(progress, message)
        self.n_reports += 1
        if self.n_reports == 2:
            raise KeyboardInterrupt


@dataclass
class Live:
    """A running service with one project live on it."""

    store: Store
    world: World

    @property
    def project_id(self) -> str:
        return self.world.project.id

    def keep_back(self, frame: pd.DataFrame) -> DatasetVersion:
        """Store rows as the project's stream."""
        table = pa.Table.from_pandas(frame, preserve_index=False)
        return collect.add_table(
            self.store, self.project_id, table, filename="s.csv", by="Ada", source="keep_back", role="stream"
        )

    def start(self, n_rows: int, *, speed: float = 1_000.0, delay_s: float = 0.0, share: float = 1.0) -> Job:
        return simulate.start_replay(
            self.store,
            self.project_id,
            rows_per_second=speed,
            n_rows=n_rows,
            label_delay_s=delay_s,
            label_share=share,
            by="Ada",
        )

    def start_drill(self, n_rows: int, *faults: Fault, **choices: Any) -> Job:
        """Queue a play of made rows in which something goes wrong."""
        chosen = {"rows_per_second": 1_000.0, "origin": "made", "grace_s": 0.0, **choices}
        return simulate.start_playing(
            self.store, self.project_id, simulate.Choices(n_rows, faults=faults, **chosen), by="Ada"
        )

    def play(self, job: Job) -> Json:
        """Do a job as the job runner would, and note its end."""
        job = self.store.update(job, status="running", started_at=utc_now())
        try:
            result = simulate.run_replay(JobHandle(self.store, job))
            self.store.update(job, status="done", result=result, ended_at=utc_now())
        except LifecycleError:
            self.store.update(job, status="stopped", ended_at=utc_now())
            raise
        return result

    def logged(self, since: Job) -> list[LabelledPrediction]:
        return self.store.log.read(self.project_id, since=since.created_at)
