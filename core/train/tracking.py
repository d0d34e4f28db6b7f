"""Each candidate as an MLflow run, in the team's own tracking server or in a SQLite file beside the store."""

import logging
import os
from typing import Any

from core.records import Candidate, Project, Recipe, TrainingRun
from core.store import Store

LOG = logging.getLogger(__name__)
TRACKING_VARIABLE = "FULL_CIRCLE_MLFLOW"


def tracking_uri(store: Store) -> str:
    """Return where runs and models are tracked: FULL_CIRCLE_MLFLOW, else a SQLite file in the store's home."""
    return os.environ.get(TRACKING_VARIABLE) or f"sqlite:///{(store.home / 'mlflow.db').as_posix()}"


def tracking_client(store: Store) -> Any:
    """Return an `mlflow.MlflowClient` for tracking and registry. Telemetry is off.

    MLflow is imported here because that takes two seconds, which only those who need it should wait.
    """
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    uri = tracking_uri(store)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def log_candidate(
    store: Store, client: Any, run: TrainingRun, recipe: Recipe, candidate: Candidate
) -> tuple[str, str] | None:
    """Write one finished candidate as an MLflow run; once, however often it is called.

    Returns
    -------
    (experiment id, run id), or None when the tracking server did not take it: training goes on without.
    """
    from mlflow.exceptions import MlflowException

    try:
        experiment = find_experiment(store, client, run.project_id)
        found = client.search_runs([experiment], f"tags.candidate = '{candidate.id}'", max_results=1)
        run_id = found[0].info.run_id if found else _write_run(client, experiment, run, recipe, candidate)
    except MlflowException as error:
        LOG.warning("MLflow did not take candidate %s: %s", candidate.id, error)
        return None
    return experiment, run_id


def find_experiment(store: Store, client: Any, project_id: str) -> str:
    """Return the id of the project's MLflow experiment, made when it is not there yet."""
    name = f"full-circle/{store.get(Project, project_id).slug}"
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    remote = bool(os.environ.get(TRACKING_VARIABLE))
    return str(client.create_experiment(name, None if remote else (store.home / "mlflow").as_uri()))


def _write_run(client: Any, experiment: str, run: TrainingRun, recipe: Recipe, candidate: Candidate) -> str:
    from mlflow.entities import Metric, Param, RunTag

    now_ms = int((candidate.ended_at or candidate.created_at).timestamp() * 1000)
    tags = {
        "candidate": candidate.id,
        "project": run.project_id,
        "training_run": run.id,
        "dataset_version": run.dataset_id,
        "recipe": recipe.id,
        "mlflow.runName": candidate.family,
        "mlflow.user": run.created_by,
    }
    params = {"family": candidate.family, "n_rows_used": candidate.n_rows_used, "n_splits": run.n_splits} | {
        f"model.{name}": value for name, value in candidate.params.items()
    }
    metrics = [Metric(f"{run.metric}_fold", score, now_ms, i) for i, score in enumerate(candidate.fold_scores)]
    values = {run.metric: candidate.score_mean, f"{run.metric}_sd": candidate.score_sd, "fit_s": candidate.fit_seconds}
    metrics += [Metric(name, value, now_ms, 0) for name, value in values.items() if value is not None]
    started_ms = int((candidate.started_at or candidate.created_at).timestamp() * 1000)
    created = client.create_run(experiment, start_time=started_ms, tags=tags, run_name=candidate.family)
    run_id = str(created.info.run_id)
    client.log_batch(
        run_id,
        metrics=metrics,
        params=[Param(name, str(value)[:500]) for name, value in params.items()],
        tags=[RunTag("note", candidate.note)] if candidate.note else [],
    )
    client.set_terminated(run_id, "FINISHED", end_time=now_ms)
    return run_id
