"""Reads and writes `model.json`, which describes a model of tables."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from training.tables.errors import TableError
from training.tables.evaluation.calibration import Calibration
from training.tables.leaks.leak_report import Leak
from training.tables.model.input_column import InputColumn
from training.tables.model.target import ModelTarget
from training.tables.printable import printable

MODEL_FILE = "model.json"
FORMAT_VERSION = 1


class ModelDocument(BaseModel):
    """The content of the file; fields are those of `TableModel`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1] = 1
    target: ModelTarget
    inputs: tuple[InputColumn, ...]
    calibration: Calibration
    leaks: tuple[Leak, ...]
    evidence: dict[str, JsonValue]
    facts: dict[str, JsonValue]


class _AnyVersion(BaseModel):
    model_config = ConfigDict(extra="ignore")

    format_version: Any


def write_document(folder: Path, document: ModelDocument) -> None:
    """Raises OSError if the file cannot be written."""
    (folder / MODEL_FILE).write_text(document.model_dump_json(indent=1), encoding="utf-8")


def read_document(folder: Path) -> ModelDocument:
    """Raises TableError if there is no such file, or not in this format."""
    try:
        content = (folder / MODEL_FILE).read_bytes()
        version = _AnyVersion.model_validate_json(content).format_version
        if version != FORMAT_VERSION:
            raise TableError(
                f"Expected a model in format {FORMAT_VERSION}, but format "
                f"{printable(str(version))} came. Use the version of Fovea that wrote it, or "
                "train again."
            )
        return ModelDocument.model_validate_json(content)
    except OSError as error:
        raise TableError(
            f"Expected the folder of a model with a {MODEL_FILE}, but it cannot be read: "
            f"{error.strerror}."
        ) from None
    except ValidationError as error:
        places = ", ".join(
            printable(".".join(map(str, item["loc"]))) or "the whole file"
            for item in error.errors(include_input=False, include_url=False)[:3]
        )
        raise TableError(
            f"Expected a {MODEL_FILE} that this program wrote, but it is malformed at {places}. "
            "Train again, or take another version of the model."
        ) from None
