"""From an evaluated candidate to a registered model version."""

from core.deploy.packaging import Package, write_package
from core.deploy.registry import register_version
from core.errors import NotReadyError
from core.evaluate import load_fitted
from core.prepare import split_rows
from core.records import (
    LIKELIER_CLASS,
    Candidate,
    Evaluation,
    Job,
    Json,
    ModelVersion,
    Project,
    Recipe,
    TrainingRun,
    new_id,
)
from core.store import JobHandle, Store


def start_registration(store: Store, project_id: str, *, evaluation_id: str, by: str) -> Job:
    """Queue the registration of an evaluated candidate and return the job.

    Raises
    ------
    NotFoundError
        When there is no such evaluation.
    NotReadyError
        When the evaluation belongs to another project.
    """
    if store.get(Evaluation, evaluation_id).project_id != project_id:
        raise NotReadyError("That evaluation belongs to another project.", "Choose one of this project's candidates.")
    return store.add(Job(project_id, "register", params={"evaluation_id": evaluation_id, "by": by}, created_by=by))


def run_registration(handle: JobHandle) -> Json:
    """Register what the job names; return `{"model_version_id": ...}`."""
    handle.raise_if_stopped()
    handle.report(0.05, "Writing the model, converting it to ONNX and proving it.")
    model = register_model(handle.store, handle.job.params["evaluation_id"], by=handle.job.params["by"])
    handle.report(1.0, f"Registered as version {model.number}.")
    return {"model_version_id": model.id}


def register_model(store: Store, evaluation_id: str, *, by: str) -> ModelVersion:
    """Return the model version made from an evaluated candidate; the one there is when it was registered before.

    With another decision threshold it gives other answers, so it is another version. The folder is written whole,
    proved in a process of its own, and entered in MLflow's registry, before it counts.

    Raises
    ------
    NotFoundError
        When there is no such evaluation.
    BadInputError
        When the fitted model is damaged or contains what may not be stored.
    NotReadyError
        When MLflow's tracking server does not answer.
    """
    evaluation = store.get(Evaluation, evaluation_id)
    present = _find_version(store, evaluation)
    if present is not None:
        return present
    candidate = store.get(Candidate, evaluation.candidate_id)
    recipe = store.get(Recipe, store.get(TrainingRun, candidate.run_id).recipe_id)
    model_id = new_id()
    package = _write_folder(store, model_id, evaluation, recipe)
    project = store.get(Project, evaluation.project_id)
    mlflow_version = register_version(store, project.slug, model_id, candidate.mlflow_run_id, digest=package.digest)
    last = store.newest(ModelVersion, project_id=project.id)
    return store.add(
        ModelVersion(
            id=model_id,
            project_id=project.id,
            number=last.number + 1 if last else 1,
            candidate_id=candidate.id,
            evaluation_id=evaluation.id,
            dataset_id=evaluation.dataset_id,
            recipe_id=recipe.id,
            family=candidate.family,
            digest=package.digest,
            engine=package.engine,
            engine_reason=package.engine_reason,
            requested_by=by,
            mlflow_name=project.slug,
            mlflow_version=mlflow_version,
        )
    )


def _find_version(store: Store, evaluation: Evaluation) -> ModelVersion | None:
    """Return the newest version of a candidate that answers by the same threshold."""

    def answers_from(one: Evaluation) -> float:
        return one.threshold.value if one.threshold else LIKELIER_CLASS

    for version in reversed(store.find(ModelVersion, candidate_id=evaluation.candidate_id)):
        if answers_from(store.get(Evaluation, version.evaluation_id)) == answers_from(evaluation):
            return version
    return None


def _write_folder(store: Store, model_id: str, evaluation: Evaluation, recipe: Recipe) -> Package:
    pipeline = load_fitted(store, evaluation.candidate_id)
    with store.files.write_folder(store.files.model(model_id)) as folder:
        return write_package(folder, pipeline, recipe, split_rows(store, recipe), threshold=evaluation.threshold)


def list_models(store: Store, project_id: str) -> list[ModelVersion]:
    """Return a project's model versions, newest first."""
    return store.find(ModelVersion, project_id=project_id)[::-1]
