"""Reads the evaluation of an epoch, an artifact that any client may have written, and validates it."""

import logging
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from api.errors import ApiError
from api.runs.artifacts import ArtifactNotFoundError
from api.runs.reader import RunReader
from api.runs.schemas import ClassReport
from tracking_plugin.names import evaluation_artifact

logger = logging.getLogger(__name__)

LARGEST_EVALUATION_BYTES = 8 * 1024 * 1024
_MOST_CLASSES = 1000

ClassName = Annotated[str, Field(min_length=1, max_length=250)]
Count = Annotated[int, Field(ge=0, le=2**53)]


class EpochEvaluation(BaseModel):
    """The parts of the file that GET /api/epochs/{epoch} shows."""

    model_config = ConfigDict(frozen=True)

    classes: Annotated[list[ClassName], Field(min_length=1, max_length=_MOST_CLASSES)]
    confusion_matrix: list[list[Count]]
    class_report: dict[ClassName, ClassReport]

    @model_validator(mode="after")
    def _require_matching_classes(self) -> Self:
        num_classes = len(self.classes)
        if [len(row) for row in self.confusion_matrix] != [num_classes] * num_classes:
            raise ValueError(f"a confusion matrix of {num_classes} rows and columns was expected")
        if not self.class_report.keys() <= set(self.classes):
            raise ValueError("the report names a class that is not among the classes")
        return self


def evaluation_of(reader: RunReader, run_id: str, epoch: int) -> EpochEvaluation | None:
    """The evaluation of an epoch; None if there is none or if it is not valid."""
    path = evaluation_artifact(epoch)
    try:
        content = reader.artifact(run_id, path, LARGEST_EVALUATION_BYTES)
        return EpochEvaluation.model_validate_json(content, strict=True)
    except ArtifactNotFoundError:
        return None
    except ValidationError as error:
        # The content of the file does not belong in the log.
        problems = "; ".join(problem["msg"] for problem in error.errors(include_input=False)[:3])
        logger.warning("%s of run %s is not a valid evaluation: %s", path, run_id, problems)
    except ApiError as error:
        logger.warning("%s of run %s could not be read: %s", path, run_id, error)
    return None
