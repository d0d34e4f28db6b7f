"""What MLflow needs to load a model folder by itself: a file `MLmodel` that points back to our own loading."""

import platform
from pathlib import Path
from typing import Any

import pandas as pd

from core.deploy.answers import LoadedModel
from core.deploy.loading import open_model


class MlflowModel:
    """The face MLflow's pyfunc flavour expects."""

    def __init__(self, model: LoadedModel) -> None:
        self.model = model

    def predict(self, model_input: pd.DataFrame, params: Any = None) -> list[Any]:  # noqa: ARG002 - MLflow's interface
        """Return one prediction a row."""
        return self.model.predict(model_input).predictions


def write_mlmodel(folder: Path) -> None:
    """Write the file `MLmodel` into a model folder."""
    # Imported here, because it takes two seconds that the prediction service should not wait.
    from mlflow.models import Model

    description = Model()
    description.add_flavor("python_function", loader_module=__name__, python_version=platform.python_version())
    description.save(str(folder / "MLmodel"))


def _load_pyfunc(path: str) -> MlflowModel:
    """Load for `mlflow.pyfunc.load_model`; MLflow calls it by this name."""
    return MlflowModel(open_model(Path(path), None))
