"""Opens the encoder that a setting names, so that a run and its figures say which one it was."""

from pathlib import Path

import torch
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tracking_plugin.server_address import without_credentials
from training.diffusion.quality.encoders import CPU, clip_encoder, timm_encoder, trained_encoder
from training.diffusion.quality.features import Encoder
from training.errors import ConfigError, first_line
from training.recording.run_record import RunRecord, find_run
from training.settings import TrainingSettings
from training.trained_run import best_model, run_document

EXPECTED = (
    "run:ID of a finished training of a classifier, model:NAME/VERSION of a registered one, "
    "timm:BACKBONE:FILE with weights, or clip:FOLDER of transformers"
)


def require_choice(choice: str) -> None:
    """Raise ConfigError unless the text has the form of one of the choices; nothing is opened."""
    kind, _, rest = choice.partition(":")
    parts = {"timm": ":", "model": "/"}
    complete = all(rest.partition(parts[kind])[::2]) if kind in parts else bool(rest)
    if kind not in ("run", "model", "timm", "clip") or not complete:
        raise ConfigError(f"encoder: expected {EXPECTED}, but {choice[:80]!r} came.")


def open_encoder(
    choice: str, tracking_uri: str, settings: TrainingSettings, *, device: torch.device = CPU
) -> Encoder:
    """The encoder that `choice` names. Raises TrainingError if it does not exist or does not fit."""
    require_choice(choice)
    kind, _, rest = choice.partition(":")
    if kind == "clip":
        return clip_encoder(Path(rest).expanduser(), device=device)
    if kind == "timm":
        backbone, _, file = rest.partition(":")
        return timm_encoder(backbone, Path(file).expanduser(), device=device)
    run_id = rest if kind == "run" else _run_of_version(rest, tracking_uri)
    run = find_run(tracking_uri, run_id)
    record = RunRecord(tracking_uri, run)
    trained = best_model(run, record, run_document(record, settings), settings)
    return trained_encoder(trained, device=device)


def _run_of_version(reference: str, tracking_uri: str) -> str:
    """The run whose best model was registered as NAME/VERSION."""
    name, _, version = reference.rpartition("/")
    try:
        found = MlflowClient(tracking_uri, registry_uri=tracking_uri).get_model_version(
            name, version
        )
    except MlflowException as error:
        raise ConfigError(
            f"encoder: the registry has no model {name!r} with the version {version!r}: "
            f"{without_credentials(first_line(error))}"
        ) from error
    if not found.run_id:
        raise ConfigError(
            f"encoder: the model {reference} was not registered by a run: name a run with run:ID."
        )
    return str(found.run_id)
