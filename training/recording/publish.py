"""Registers the best model of a run in MLflow's model registry."""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

import mlflow
import mlflow.pyfunc
import numpy as np
from mlflow import MlflowClient
from mlflow.models import Model, ModelSignature
from mlflow.types import Schema, TensorSpec
from safetensors.torch import save_file
from torch import Tensor

from training.evidence.outputs import FittedEvidence
from training.evidence.registration import Registration
from training.evidence.schema import EVIDENCE_FILE, STATISTICS_FILE
from training.recipe import PackagedModel
from training.recording.logged_model import new_logged_model
from training.recording.model_artifacts import EVIDENCE, STATISTICS, WEIGHTS

logger = logging.getLogger(__name__)

MODEL_NAME = "best_model"


def register_best_model(
    package: PackagedModel,
    weights: Mapping[str, Tensor],
    fitted: FittedEvidence,
    *,
    run_id: str,
    tracking_uri: str,
    register_as: str,
    step: int,
) -> str:
    """Log the model with its signature, an input example and its evidence, and register it.

    Returns its version. The artifacts have the names in `model_artifacts.py`; only a model with
    feature statistics has the artifact of their tensors.

    `weights` are those of the best checkpoint, which was saved after the optimizer step `step`.
    """
    mlflow.set_tracking_uri(tracking_uri)
    client = MlflowClient(tracking_uri)
    with (
        new_logged_model(client, run_id, MODEL_NAME) as model,
        tempfile.TemporaryDirectory(prefix="fovea-model-") as folder,
    ):
        info = Model.log(
            artifact_path=None,
            model_id=model.model_id,
            flavor=mlflow.pyfunc,
            run_id=run_id,
            step=step,
            python_model=str(package.code),
            artifacts=_write_artifacts(Path(folder), package, weights, fitted),
            model_config=dict(package.settings),
            signature=_signature(package),
            input_example=package.input_example,
            pip_requirements=list(package.requirements),
            registered_model_name=register_as,
        )
    version = str(info.registered_model_version)
    if fitted.registration is not None:
        _describe(client, register_as, version, fitted.registration)
    logger.info("Registered %s, version %s.", register_as, version)
    return version


def _describe(client: MlflowClient, name: str, version: str, decision: Registration) -> None:
    for tag, value in decision.tags.items():
        client.set_model_version_tag(name, version, tag, value)
    if decision.description:
        client.update_model_version(name, version, decision.description)


def _write_artifacts(
    folder: Path,
    package: PackagedModel,
    weights: Mapping[str, Tensor],
    fitted: FittedEvidence,
) -> dict[str, str]:
    """The paths of the model's files by the names under which MLflow hands them to its code."""
    files = {WEIGHTS: folder / "weights.safetensors", EVIDENCE: folder / EVIDENCE_FILE}
    _save(weights, files[WEIGHTS])
    files[EVIDENCE].write_text(fitted.evidence.model_dump_json(indent=2), encoding="utf-8")
    if fitted.statistics:
        files[STATISTICS] = folder / STATISTICS_FILE
        _save(fitted.statistics, files[STATISTICS])
    if package.write_files is not None:
        files |= package.write_files(weights, folder)
    return {name: str(path) for name, path in files.items()}


def _save(tensors: Mapping[str, Tensor], path: Path) -> None:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)


def _signature(package: PackagedModel) -> ModelSignature:
    dtype = package.input_example.dtype
    # MLflow knows text of any length only.
    given = TensorSpec(np.dtype("str") if dtype.kind == "U" else dtype, package.input_shape)
    returned = TensorSpec(np.dtype(package.output_type), package.output_shape)
    return ModelSignature(inputs=Schema([given]), outputs=Schema([returned]))
