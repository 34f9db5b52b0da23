"""The form that has a registered model predict a table, or learn further from one before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from api.custom_training.archived_tables import ArchivedTable, named_tables
from api.custom_training.form import TESTING_FILE, TRAINING_FILE, DataSource, JsonObject
from api.jobs.learners import require_any_learner
from api.jobs.params import refusal
from api.projects.records import COLUMN_CHARS, MODEL_NAME
from api.projects.upload import ReceivedFile, ReceivedForm
from tracking_plugin.registered_name import EXPECTED, RegisteredName, registered_name

MODEL = "model_name"
_FILE = {"type": "string", "format": "binary"}
_OF_FINE_TUNING = ("hyperparameters", "group", "budget_s", "register_as", "alias")


class PredictionFields(BaseModel):
    """The fields of the form; files are `testing_file`, and `training_file` to fine-tune before."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model_name: str = Field(max_length=300, description=f"registered model: {EXPECTED}")
    data_source: DataSource = Field(
        DataSource.USER, description="`user` for uploaded files, or `nasa`"
    )
    dataset_name: str = Field("", max_length=200, description="kepler, k2 or tess, with nasa")
    hyperparameters: JsonObject = Field(
        {}, max_length=100, description="JSON object, of the model's learners; to fine-tune"
    )
    group: str = Field(
        "", max_length=COLUMN_CHARS, description="column whose rows stay together; to fine-tune"
    )
    budget_s: float | None = Field(
        None, ge=1, le=7 * 86_400, description="seconds for a fine-tuning"
    )
    register_as: str = Field(
        "",
        max_length=250,
        pattern=rf"^$|{MODEL_NAME}",
        description="name of the fine-tuned model; by default a new version of model_name",
    )
    alias: str = Field(
        "", max_length=250, description="that the fine-tuned version gets; by default none"
    )

    @field_validator("model_name")
    @classmethod
    def _require_name(cls, name: str) -> str:
        if registered_name(name) is None:
            raise ValueError(f"{EXPECTED} was expected")
        return name


def _documented() -> Mapping[str, Any]:
    properties = PredictionFields.model_json_schema()["properties"]
    hyperparameters = {**properties["hyperparameters"], "type": "string"}
    for name in ("additionalProperties", "maxProperties", "default"):
        hyperparameters.pop(name, None)
    return {
        "type": "object",
        "required": [MODEL],
        "properties": {
            **properties,
            "hyperparameters": hyperparameters,
            "data_source": {"type": "string", "enum": list(DataSource)},
            TRAINING_FILE: {
                **_FILE,
                "description": "table with labels, from which the model learns further first; the "
                "result is a new version",
            },
            TESTING_FILE: {
                **_FILE,
                "description": "table whose rows are predicted; labels in it are compared",
            },
        },
    }


PREDICTION_FORM = _documented()
"""The schema of the form, for the OpenAPI document."""


@dataclass(frozen=True, kw_only=True)
class PredictionForm:
    """A checked form. With a `training_file` the model is fine-tuned; `tables` are by mission."""

    fields: PredictionFields
    model: RegisteredName
    tables: Mapping[str, ArchivedTable]
    training_file: ReceivedFile | None
    testing_file: ReceivedFile | None


def prediction_form(form: ReceivedForm) -> PredictionForm:
    """Raises RequestValidationError that names the field which is wrong or missing."""
    try:
        fields = PredictionFields.model_validate(
            {name: text for name, text in form.fields.items() if text}
        )
    except ValidationError as error:
        problems = [{**it, "loc": ("body", *it["loc"])} for it in error.errors()]
        raise RequestValidationError(problems) from None
    model = registered_name(fields.model_name)
    assert model is not None
    is_nasa = fields.data_source is DataSource.NASA
    found = PredictionForm(
        fields=fields,
        model=model,
        tables=named_tables(fields.dataset_name) if is_nasa else {},
        # Forms with the data of NASA may come with files that nobody asked for.
        training_file=None if is_nasa else form.files.get(TRAINING_FILE),
        testing_file=None if is_nasa else form.files.get(TESTING_FILE),
    )
    if not is_nasa and found.training_file is None and found.testing_file is None:
        raise refusal(("body", TESTING_FILE), "a file was expected for the data_source user")
    _check_fine_tuning(found)
    return found


def _check_fine_tuning(form: PredictionForm) -> None:
    fields = form.fields
    given = [name for name in _OF_FINE_TUNING if getattr(fields, name)]
    if form.training_file is None and given:
        raise refusal(("body", given[0]), f"it is for a fine-tuning, which takes a {TRAINING_FILE}")
    require_any_learner(fields.hyperparameters, ("body", "hyperparameters"))
