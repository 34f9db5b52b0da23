"""Has registered models predict tables as jobs, whose sessions are those of trainings."""

from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.custom_training.archived_tables import ArchivedTable, named_tables
from api.custom_training.form import TESTING_FILE, DataSource
from api.custom_training.nasa_uploads import NasaUploads
from api.custom_training.session_start import SessionStart
from api.jobs.params import refusal
from api.projects.folders import ProjectFolders
from api.projects.inspection import Inspection
from api.projects.model_registry import ModelRegistry
from api.projects.received import ReceivedProject
from api.projects.records import ProjectSettings
from api.projects.service import ProjectService
from api.projects.upload import ReceivedFile, ReceivedForm, receive_form
from tracking_plugin.names import CHAMPION
from tracking_plugin.printable import printable

_MODEL = "model_name"


class PredictionFields(BaseModel):
    """The fields of the form; the file is `testing_file`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model_name: str = Field(
        max_length=300, pattern=r"^[^@:/]+(@[^@:/]+)?$", description="name or name@alias"
    )
    data_source: DataSource = Field(
        DataSource.USER, description="`user` for an uploaded file, or `nasa`"
    )
    dataset_name: str = Field("", max_length=200, description="kepler, k2 or tess, with nasa")


PREDICTION_FORM: Mapping[str, Any] = {
    "type": "object",
    "required": [_MODEL],
    "properties": {
        **PredictionFields.model_json_schema()["properties"],
        "data_source": {"type": "string", "enum": list(DataSource)},
        TESTING_FILE: {
            "type": "string",
            "format": "binary",
            "description": "table whose rows are predicted; labels in it are compared",
        },
    },
}
"""The schema of the form, for the OpenAPI document."""


@dataclass(frozen=True)
class ReceivedPrediction:
    """A checked form whose file is in the folder of the project that it becomes."""

    project_id: str
    fields: PredictionFields
    tables: Mapping[str, ArchivedTable]
    file: ReceivedFile | None


class PretrainedService(SessionStart):
    message = "Prediction started"

    def __init__(
        self,
        projects: ProjectService,
        folders: ProjectFolders,
        tables: NasaUploads,
        registry: ModelRegistry,
    ) -> None:
        super().__init__(projects, folders, tables)
        self._registry = registry

    @asynccontextmanager
    async def receiving(
        self, content_type: str, body: AsyncIterable[bytes], declared_bytes: int
    ) -> AsyncIterator[ReceivedPrediction]:
        """As `CustomTrainingService.receiving`."""
        project_id = uuid4().hex
        with self._folders.created(project_id):
            targets = {TESTING_FILE: self._folders.upload(project_id)}
            form = await receive_form(content_type, body, targets, declared_bytes=declared_bytes)
            yield _received(project_id, form)

    async def prepare(
        self, received: ReceivedPrediction, workspace: str | None
    ) -> tuple[ReceivedProject, Inspection]:
        """Find the model and the table. Raises an ApiError if one of them cannot be had."""
        name, _, alias = received.fields.model_name.partition("@")
        if await self._registry.deployed_version(workspace, name, alias or CHAMPION) is None:
            message = f"the registry has no model {name[:64]!r} with the alias {alias or CHAMPION}"
            raise refusal(("body", _MODEL), message)
        file = received.file or await self._tables.fetched(received.project_id, received.tables)
        project = ReceivedProject(
            project_id=received.project_id,
            upload=file,
            description=f"Predictions of {printable(name, 200)}",
            name=f"{printable(name, 150)} predicts {printable(file.name, 40)}",
            dataset_name=printable(file.name, 200) or "upload",
            settings=ProjectSettings(pretrained=received.fields.model_name),
        )
        # The model says what is predicted, so there is nothing to find out about the table.
        return project, Inspection(file_type="table")


def _received(project_id: str, form: ReceivedForm) -> ReceivedPrediction:
    """Raises RequestValidationError that names the field which is wrong or missing."""
    try:
        fields = PredictionFields.model_validate(
            {name: text for name, text in form.fields.items() if text}
        )
    except ValidationError as error:
        problems = [{**it, "loc": ("body", *it["loc"])} for it in error.errors()]
        raise RequestValidationError(problems) from None
    is_nasa = fields.data_source is DataSource.NASA
    file = None if is_nasa else form.files.get(TESTING_FILE)
    tables = named_tables(fields.dataset_name) if is_nasa else {}
    if not is_nasa and file is None:
        raise refusal(("body", TESTING_FILE), "a file was expected for the data_source user")
    return ReceivedPrediction(project_id, fields, tables, file)
