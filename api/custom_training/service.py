"""Starts custom trainings as projects: the entry point of this folder for the routes."""

from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from api.custom_training.form import (
    TESTING_FILE,
    TRAINING_FILE,
    CustomTraining,
    custom_training,
    expected_table,
)
from api.custom_training.session_start import SessionStart
from api.errors import BadRequestError
from api.projects.inspection import Inspection
from api.projects.received import ReceivedProject
from api.projects.records import ProjectSettings
from api.projects.upload import ReceivedFile, receive_form
from tracking_plugin.printable import printable, printable_lines

JOINED_LABEL, JOINED_GROUP = "disposition", "star"
"""The columns of joined tables, as `training/tables/missions.py` writes them."""


@dataclass(frozen=True)
class ReceivedTraining:
    """A form whose files are in the folder of the project that it becomes."""

    project_id: str
    training: CustomTraining


class CustomTrainingService(SessionStart):
    message = "Training started"

    @asynccontextmanager
    async def receiving(
        self, content_type: str, body: AsyncIterable[bytes], declared_bytes: int
    ) -> AsyncIterator[ReceivedTraining]:
        """The checked form, with its files on disk; they are removed if the block raises.

        Raises RequestValidationError for a wrong form, StorageFullError if the disk is full.
        """
        project_id = uuid4().hex
        with self._folders.created(project_id):
            targets = {
                TRAINING_FILE: self._folders.upload(project_id),
                TESTING_FILE: self._folders.test_data(project_id),
            }
            form = await receive_form(content_type, body, targets, declared_bytes=declared_bytes)
            yield ReceivedTraining(project_id, custom_training(form))

    async def prepare(self, received: ReceivedTraining) -> tuple[ReceivedProject, Inspection]:
        """Fetch the tables of NASA, and inspect the table to learn from.

        Raises an ApiError for tables that cannot be had or used, and where it is not clear what is
        to be predicted.
        """
        training = received.training
        upload = training.training_file or await self._tables.fetched(
            received.project_id, training.tables
        )
        project = _project(received, upload)
        found = await self._projects.inspect(project)
        if found.is_of_images:
            raise BadRequestError(f"{TRAINING_FILE}: a table was expected, but an archive came")
        if found.question is not None:
            options = ", ".join(repr(it) for it in found.question.options[:20])
            raise BadRequestError(
                f"{found.question.text} Choose one of {options}, and send it as the field `target` "
                "if it is a column"
            )
        return project, found


def _project(received: ReceivedTraining, upload: ReceivedFile) -> ReceivedProject:
    training = received.training
    fields, known = training.fields, expected_table(training)
    is_joined = len(training.tables) > 1
    label = JOINED_LABEL if is_joined else known.label if known else ""
    group = JOINED_GROUP if is_joined else known.group if known else ""
    target = fields.target or label
    described = fields.problem_description or (f"Predict {target}" if target else training.name)
    return ReceivedProject(
        project_id=received.project_id,
        upload=upload,
        description=printable_lines(described.strip()),
        name=printable(training.name, 200),
        dataset_name=printable(upload.name, 200) or "upload",
        answers={"target": target} if target else {},
        settings=ProjectSettings(
            group=fields.group or group or None,
            budget_s=fields.budget_s,
            learners=None if training.learner is None else [training.learner],
            hyperparameters=fields.hyperparameters,
        ),
    )
