"""The form that starts a custom training: where the data is from, and which model learns from it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError

from api.custom_training.archived_tables import ArchivedTable, archived_tables, named_tables
from api.custom_training.model_types import learner_of
from api.jobs.learners import require_hyperparameters
from api.jobs.params import refusal
from api.projects.received import DESCRIPTION_CHARS
from api.projects.records import COLUMN_CHARS
from api.projects.upload import ReceivedFile, ReceivedForm

TRAINING_FILE = "training_file"
TESTING_FILE = "testing_file"
_FILE = {"type": "string", "format": "binary"}


class DataSource(StrEnum):
    NASA = "nasa"
    USER = "user"


def _read_json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else {}
    except (ValueError, RecursionError):
        raise ValueError("a JSON object was expected") from None


JsonObject = Annotated[dict[str, JsonValue], BeforeValidator(_read_json)]
"""A field of a form, which comes as text."""


class TrainingFields(BaseModel):
    """The fields of the form; files are `training_file` and `testing_file`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model_type: str = Field(max_length=64, description="kind of model, such as xgboost")
    data_source: DataSource = Field(description="`nasa`, or `user` for uploaded files")
    dataset_name: str = Field(
        "", max_length=200, description="kepler, k2 or tess, or several separated by commas"
    )
    data_format: str = Field(
        "",
        max_length=64,
        description="of uploaded files: the mission whose columns they have; the type of a file is "
        "found in it",
    )
    hyperparameters: JsonObject = Field(
        {}, max_length=100, description="JSON object; those of the model_type"
    )
    target: str = Field(
        "", max_length=COLUMN_CHARS, description="column to predict; found if it is not given"
    )
    group: str = Field("", max_length=COLUMN_CHARS, description="column whose rows stay together")
    problem_description: str = Field(
        "", max_length=DESCRIPTION_CHARS, description="what is to be predicted, in a sentence"
    )
    budget_s: float | None = Field(
        None, ge=1, le=7 * 86_400, description="seconds for the selection of models"
    )


def documented_form() -> Mapping[str, Any]:
    """The schema of the form, for the OpenAPI document."""
    schema = TrainingFields.model_json_schema()
    del schema["$defs"]
    files = {
        TRAINING_FILE: {**_FILE, "description": "table to learn from; with data_source=user"},
        TESTING_FILE: {**_FILE, "description": "table whose rows are predicted"},
    }
    hyperparameters = {**schema["properties"]["hyperparameters"], "type": "string"}
    for name in ("additionalProperties", "maxProperties", "default"):
        hyperparameters.pop(name, None)
    source = {"type": "string", "enum": list(DataSource)}
    fields = {
        **schema["properties"],
        "hyperparameters": hyperparameters,
        "data_source": source,
    }
    return {**schema, "properties": {**fields, **files}}


@dataclass(frozen=True, kw_only=True)
class CustomTraining:
    """A checked form. `tables` are by mission, and empty for an uploaded table."""

    fields: TrainingFields
    learner: str | None
    tables: Mapping[str, ArchivedTable]
    training_file: ReceivedFile | None
    testing_file: ReceivedFile | None

    @property
    def name(self) -> str:
        """For people."""
        data = ", ".join(self.tables)
        if self.training_file is not None:
            data = PurePosixPath(self.training_file.name).stem
        return f"{self.learner or 'ensemble'} on {data or 'an upload'}"


def custom_training(form: ReceivedForm) -> CustomTraining:
    """Raises RequestValidationError that names the field which is wrong or missing."""
    # Pages send the words of JavaScript for files that nobody has chosen.
    given = {name: "" if it in ("undefined", "null") else it for name, it in form.fields.items()}
    try:
        fields = TrainingFields.model_validate({name: it for name, it in given.items() if it})
    except ValidationError as error:
        problems = [{**it, "loc": ("body", *it["loc"])} for it in error.errors()]
        raise RequestValidationError(problems) from None
    learner = learner_of(fields.model_type)
    if fields.hyperparameters:
        if learner is None:
            raise refusal(
                ("body", "hyperparameters"), "they are those of one model: name it as model_type"
            )
        require_hyperparameters(learner, fields.hyperparameters, ("body", "hyperparameters"))
    is_nasa = fields.data_source is DataSource.NASA
    training_file = form.files.get(TRAINING_FILE)
    if not is_nasa and training_file is None:
        raise refusal(("body", TRAINING_FILE), "a file was expected for the data_source user")
    return CustomTraining(
        fields=fields,
        learner=learner,
        tables=named_tables(fields.dataset_name) if is_nasa else {},
        training_file=None if is_nasa else training_file,
        testing_file=form.files.get(TESTING_FILE),
    )


def expected_table(training: CustomTraining) -> ArchivedTable | None:
    """The table of the archive whose columns the data has; None if it is another table."""
    if len(training.tables) == 1:
        return next(iter(training.tables.values()))
    return archived_tables().get(training.fields.data_format.strip().lower())
