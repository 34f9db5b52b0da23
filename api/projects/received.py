"""The form that creates a project: the upload on disk, and what is to be done with it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from uuid import uuid4

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.jobs.learners import require_settings
from api.jobs.params import refusal
from api.projects.inspection import Inspection
from api.projects.records import ANSWER_CHARS, NO_SETTINGS, ProjectSettings, kind_of
from api.projects.upload import ReceivedFile, ReceivedForm
from tracking_plugin.printable import printable, printable_lines

FILE_FIELD = "file"
DESCRIPTION_CHARS = 4000
NAME_CHARS = 200
MAX_ANSWERS = 100

DOCUMENTED_FORM: Mapping[str, Any] = {
    "type": "object",
    "required": [FILE_FIELD, "problem_description"],
    "properties": {
        FILE_FIELD: {
            "type": "string",
            "format": "binary",
            "description": "CSV, TSV, Excel, Parquet, JSON Lines, or a ZIP of class folders",
        },
        "problem_description": {
            "type": "string",
            "maxLength": DESCRIPTION_CHARS,
            "description": "what is to be predicted, in a sentence",
        },
        "project_name": {"type": "string", "maxLength": NAME_CHARS},
        "answers": {
            "type": "string",
            "description": "JSON object: answers known in advance, by the question's id",
        },
        "settings": {
            "type": "string",
            "description": "JSON object with group, date, budget_s, learners, engine, register_as; "
            "for images with epochs, register_as",
        },
    },
}
"""The schema of the form, for the OpenAPI document."""


class _Fields(BaseModel):
    model_config = ConfigDict(extra="ignore")

    problem_description: str = Field(max_length=DESCRIPTION_CHARS, pattern=r"\S")
    project_name: str = Field("", max_length=NAME_CHARS)
    answers: dict[str, str] = Field({}, max_length=MAX_ANSWERS)
    settings: ProjectSettings = ProjectSettings()


@dataclass(frozen=True, kw_only=True)
class ReceivedProject:
    """A complete upload that is no project yet."""

    upload: ReceivedFile
    description: str
    name: str
    dataset_name: str
    answers: Mapping[str, str] = field(default_factory=dict)
    settings: ProjectSettings = NO_SETTINGS
    project_id: str = field(default_factory=lambda: uuid4().hex)


def received_project(project_id: str, form: ReceivedForm) -> ReceivedProject:
    """Raises RequestValidationError that names the field which is wrong or missing."""
    if FILE_FIELD not in form.files:
        raise _problem(FILE_FIELD, "a file was expected")
    fields: dict[str, Any] = dict(form.fields)
    for name in ("answers", "settings"):
        if name in fields:
            fields[name] = _json(name, fields[name])
    try:
        given = _Fields.model_validate(fields)
    except ValidationError as error:
        problems = [{**it, "loc": ("body", *it["loc"])} for it in error.errors()]
        raise RequestValidationError(problems) from None
    if any(len(answer) > ANSWER_CHARS for answer in given.answers.values()):
        raise _problem("answers", f"at most {ANSWER_CHARS} characters were expected in an answer")
    dataset_name = _file_name(form.files[FILE_FIELD].name)
    require_settings(given.settings.learners, given.settings.hyperparameters, ("body", "settings"))
    name = printable(given.project_name.strip(), NAME_CHARS)
    return ReceivedProject(
        project_id=project_id,
        upload=form.files[FILE_FIELD],
        description=printable_lines(given.problem_description.strip()),
        name=name or PurePosixPath(dataset_name).stem or "project",
        dataset_name=dataset_name,
        answers=given.answers,
        settings=given.settings,
    )


def require_kind(settings: ProjectSettings, found: Inspection) -> None:
    """Raises RequestValidationError for a setting that would have no effect on this upload."""
    if names := settings.not_for(kind_of(found)):
        what = "an archive of images" if found.is_of_images else "a table"
        message = f"the upload is {what}, on which it has no effect: leave it out"
        raise refusal(("body", "settings", names[0]), message)


def _json(name: str, text: str) -> Any:
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _problem(name, "a JSON object was expected") from None


def _file_name(given: str) -> str:
    """The last part of what the sender calls the file, which may be a path of any system."""
    last = PureWindowsPath(PurePosixPath(given).name).name
    return printable(last, NAME_CHARS).strip() or "upload"


def _problem(name: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body", name), "msg": message}])
