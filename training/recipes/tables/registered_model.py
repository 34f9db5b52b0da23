"""Loads models of tables from the registry."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import mlflow.artifacts
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from tracking_plugin.full_disk import is_of_full_disk
from tracking_plugin.registered_name import EXPECTED, registered_name
from training.recording.model_artifacts import TABLE_MODEL
from training.tables.errors import TableError
from training.tables.model.table_model import TableModel
from training.tables.printable import printable


@dataclass(frozen=True, kw_only=True, eq=False)
class RegisteredTableModel:
    """A version of a registered model."""

    name: str
    version: str
    run_id: str
    """The run that made it; empty if the registry does not say."""
    model: TableModel

    @property
    def title(self) -> str:
        """For people."""
        return f"{printable(self.name)}, version {self.version}"


def load_registered(text: str, tracking_uri: str) -> RegisteredTableModel:
    """The model of `name`, `name@alias` or `name/version`, by default the champion.

    None of the code that MLflow keeps with a model is executed. Raises TableError if there is no
    such model, or it is none of tables.
    """
    wanted, shown = registered_name(text), printable(text)
    if wanted is None:
        raise TableError(f"Expected a registered model as {EXPECTED}, but '{shown}' came.")
    client = MlflowClient(tracking_uri)
    with tempfile.TemporaryDirectory(prefix="fovea-model-") as folder:
        try:
            found = (
                client.get_model_version(wanted.name, str(wanted.version))
                if wanted.alias is None
                else client.get_model_version_by_alias(wanted.name, wanted.alias)
            )
            place = mlflow.artifacts.download_artifacts(
                artifact_uri=f"models:/{wanted.name}/{found.version}",
                dst_path=folder,
                tracking_uri=tracking_uri,
            )
            artifacts = Model.load(place).flavors["python_function"]["artifacts"]
            part = (Path(place) / artifacts[TABLE_MODEL]["path"]).resolve()
        except (MlflowException, KeyError, TypeError, OSError) as error:
            if is_of_full_disk(error):
                raise
            raise TableError(
                f"Expected a registered model of tables, but there is none called '{shown}'. Name "
                f"one of the registry, as {EXPECTED}."
            ) from None
        if not part.is_relative_to(Path(folder).resolve()):
            raise TableError(f"The files of the model '{shown}' are not its own.")
        model = TableModel.load(part)
    return RegisteredTableModel(
        name=wanted.name, version=str(found.version), run_id=found.run_id or "", model=model
    )
