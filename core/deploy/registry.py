"""Model versions in MLflow's registry, so that `models:/name@champion` works from people's own code.

The store decides what is live; MLflow is told.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import NotReadyError
from core.records import ModelVersion
from core.store import Store
from core.train import tracking_client, tracking_uri

CHAMPION = "champion"
logger = logging.getLogger(__name__)


def register_version(store: Store, name: str, model_id: str, run_id: str | None, *, digest: str) -> str:
    """Enter a model folder as a new version of a registered model; return MLflow's version number.

    Raises
    ------
    NotReadyError
        When the tracking server does not answer.
    """
    with _plain_errors(store):
        client = tracking_client(store)
        if not client.search_registered_models(f"name = '{name}'", max_results=1):
            client.create_registered_model(name)
        tags = {"full_circle.model_version_id": model_id, "full_circle.digest": digest}
        source = store.files.model(model_id).as_uri()
        return str(client.create_model_version(name, source, run_id=run_id, tags=tags).version)


def mark_champion(store: Store, model: ModelVersion) -> None:
    """Point MLflow's alias `champion` to a version.

    What is live is decided already when this is called, and has to stay so (a roll-back must work while the tracking
    server is away), so a failure is logged and not raised. A version that MLflow does not know has no alias.
    """
    if model.mlflow_name is None:
        return
    try:
        with _plain_errors(store):
            tracking_client(store).set_registered_model_alias(model.mlflow_name, CHAMPION, model.mlflow_version)
    except NotReadyError as error:
        logger.warning("The alias %s of %s was not moved: %s", CHAMPION, model.mlflow_name, error)


@contextmanager
def _plain_errors(store: Store) -> Iterator[None]:
    # Imported here, because it takes two seconds that the prediction service should not wait.
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        raise NotReadyError(
            f"MLflow at {tracking_uri(store)} does not do its work ({error.error_code}).",
            "Start the tracking server again, or unset its address to use the built-in one; then register again.",
        ) from error
