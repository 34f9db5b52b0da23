"""A project as it is stored: its upload, what was found in it, and what its owner has decided."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.projects.inspection import Inspection
from api.timestamps import unix_ms
from tracking_plugin.names import project_model

ANSWER_CHARS = 500
COLUMN_CHARS = 250
MODEL_NAME = r"^[A-Za-z0-9][A-Za-z0-9 _.-]*$"
"""Names of registered models that a pipeline may make."""


class ProjectState(StrEnum):
    """What the server still has to do for a project; its pipeline's run says the rest."""

    WAITING = "waiting"
    """For the answer to a question."""
    STARTING = "starting"
    """A job of its pipeline is to be created."""
    STARTED = "started"
    """It has a run."""
    DELETING = "deleting"


class ProjectKind(StrEnum):
    TABLE = "table"
    IMAGES = "images"


def kind_of(found: Inspection) -> ProjectKind:
    return ProjectKind.IMAGES if found.is_of_images else ProjectKind.TABLE


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GivenAnswer(_Record):
    """An answer to a question, and who gave it when."""

    id: str
    answer: str
    who: str
    at_ms: int


class GivenOverride(_Record):
    """The decision to train on a column although it was flagged, with who and why."""

    column: str
    why: str
    who: str
    at_ms: int


class ProjectSettings(BaseModel):
    """What a user may settle at the creation of a project; nothing is needed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str | None = Field(
        None, max_length=COLUMN_CHARS, description="column whose rows stay in the same split"
    )
    date: str | None = Field(
        None, max_length=COLUMN_CHARS, description="column by which the newest rows are held out"
    )
    budget_s: float | None = Field(
        None, ge=1, le=7 * 86_400, description="seconds for the selection of models"
    )
    learners: list[str] | None = Field(
        None, min_length=1, max_length=20, description="models to choose from"
    )
    hyperparameters: dict[str, JsonValue] = Field(
        {}, max_length=100, description="of a single learner, which is then not tuned"
    )
    engine: Literal["autogluon", "tabicl"] | None = Field(
        None, description="another program that trains, whose model is measured but not kept"
    )
    pretrained: str | None = Field(
        None, max_length=300, description="registered model that predicts; nothing is trained"
    )
    finetune: str | None = Field(
        None, max_length=300, description="registered model that learns further from the table"
    )
    finetuned_alias: str | None = Field(
        None, max_length=250, description="alias that the fine-tuned version gets"
    )
    register_as: str | None = Field(
        None,
        max_length=250,
        pattern=MODEL_NAME,
        description="name in the model registry",
    )
    epochs: int | None = Field(None, ge=1, le=1000, description="of a training on images")

    def not_for(self, kind: ProjectKind) -> list[str]:
        """The names of the given settings that a project of this kind has no use for."""
        given = [name for name, value in self.model_dump(exclude_none=True).items() if value != {}]
        is_of_images = kind is ProjectKind.IMAGES
        return [
            name
            for name in given
            if name not in _FOR_BOTH and (name in _FOR_IMAGES) is not is_of_images
        ]


_FOR_IMAGES = frozenset({"epochs"})
_FOR_BOTH = frozenset({"register_as"})


NO_SETTINGS = ProjectSettings()


@dataclass(frozen=True, kw_only=True)
class Project:
    """`project_id` is also the name of its folder; times in ms since the Unix epoch."""

    project_id: str
    workspace: str | None
    experiment_id: str
    state: ProjectState
    kind: ProjectKind
    name: str
    description: str
    dataset_name: str
    dataset_digest: str
    size_bytes: int
    tracking_uri: str
    """The address at which the project's jobs reach this server."""
    inspection: Inspection
    settings: ProjectSettings = NO_SETTINGS
    answers: tuple[GivenAnswer, ...] = ()
    overrides: tuple[GivenOverride, ...] = ()
    run_id: str | None = None
    created_ms: int = field(default_factory=unix_ms)
    updated_ms: int = field(default_factory=unix_ms)

    @property
    def model_name(self) -> str:
        """The name of the registered model that the pipeline makes."""
        return self.settings.register_as or project_model(self.project_id)

    @property
    def shares_model(self) -> bool:
        """Whether the registered model may have versions of others, because the user has named it."""
        return self.settings.register_as is not None

    def changed(self, **changes: object) -> "Project":
        """This project with `changes`, updated now."""
        return replace(self, **changes, updated_ms=unix_ms())  # type: ignore[arg-type]
