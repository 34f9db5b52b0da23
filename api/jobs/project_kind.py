"""The job kind `project`: runs the pipeline of a project as `python -m training fit`."""

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path as FolderPath
from typing import Annotated, Any, Literal

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from api.jobs.job_kind import JobFacts, JobKind, NewRun, Params, SlotNeed
from api.jobs.params import Schema
from api.jobs.schemas import Path
from api.jobs.training_kind import WITHOUT_GPU
from api.runs.reader import RunReader
from api.runs.state import RunState
from api.runs.status import effective_status
from api.storage.data_files import PROJECTS
from tracking_plugin.data_roots import PATH_FORMAT, path_params
from tracking_plugin.names import PipelineMetric, RunStatus, Tag

TABLES: Literal["tables"] = "tables"
RETINAL: Literal["retinal"] = "retinal"


class KeptColumn(BaseModel):
    """A flagged column that is trained on nevertheless, with who wants it and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str = Field(min_length=1, max_length=250)
    who: str = Field(min_length=1, max_length=250)
    why: str = Field(min_length=1, max_length=1000)


class ProjectParams(BaseModel):
    """The parameters of a pipeline; stored as JSON beside the run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: Literal["tables", "retinal"] = TABLES
    data: Path = Field(
        description="the table, or a folder of images", json_schema_extra={"format": PATH_FORMAT}
    )
    description: str = Field("", max_length=4000, description="what is to be predicted, in words")
    answers: dict[str, str] = Field({}, description="the option chosen, by the question's id")
    group: str | None = Field(None, description="column whose rows stay in the same split")
    date: str | None = Field(None, description="column by which the newest rows are held out")
    overrides: list[KeptColumn] = Field([], description="flagged columns that are kept")
    budget_s: float | None = Field(None, ge=1, description="seconds for the selection of models")
    learners: list[str] | None = Field(None, description="models to choose from")
    hyperparameters: dict[str, JsonValue] = Field({}, description="of a single model")
    engine: Literal["autogluon", "tabicl"] | None = Field(
        None, description="another program that trains"
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
    test_data: Path | None = Field(
        None,
        description="a second table, whose rows are predicted",
        json_schema_extra={"format": PATH_FORMAT},
    )
    epochs: int | None = Field(None, ge=1, le=1000, description="of a training on images")
    register_as: str | None = Field(None, max_length=250, description="name in the registry")
    experiment_id: str | None = Field(None, description="MLflow experiment of the run")
    project_id: str | None = Field(None, description="project that the pipeline is of")
    name: Annotated[str, Field(max_length=250)] = "pipeline"


class ProjectKind(JobKind):
    """A pipeline over a table, or a training of the retinal recipe on an archive of images."""

    name = "project"
    can_pause = True

    @property
    def params_schema(self) -> Schema:
        return ProjectParams.model_json_schema()

    def require_params(self, params: Params, at: tuple[str, ...]) -> None:
        try:
            ProjectParams.model_validate(params)
        except ValidationError as error:
            problems = [{**problem, "loc": (*at, *problem["loc"])} for problem in error.errors()]
            raise RequestValidationError(problems) from None

    def paths(self, params: Params) -> Iterator[tuple[str, str]]:
        yield from path_params(self.params_schema, params)

    def own_folders(self, data_dir: FolderPath) -> tuple[FolderPath, ...]:
        return (data_dir / PROJECTS,)

    def command(self, params: Params, run_id: str) -> str:
        project = ProjectParams.model_validate(params)
        words: list[str] = [
            *("python", "-m", "training", "fit", "--run-id", run_id),
            *("--recipe", project.recipe, "--launcher", "ray"),
            f"--data={project.data}",
        ]
        if project.register_as:
            words.append(f"--register-as={project.register_as}")
        if project.recipe == TABLES:
            words += _table_flags(project)
        elif project.epochs is not None:
            words.append(f"--epochs={project.epochs}")
        return shlex.join(words)

    def new_run(self, params: Params, reader: RunReader) -> NewRun:
        project = ProjectParams.model_validate(params)
        tags: dict[str, str] = {str(Tag.RECIPE): project.recipe}
        if project.project_id:
            tags[str(Tag.PROJECT)] = project.project_id
        return NewRun(
            experiment="projects",
            experiment_id=project.experiment_id,
            name=project.name,
            tags=tags,
        )

    def slots(self, params: Params) -> SlotNeed:
        project = ProjectParams.model_validate(params)
        return SlotNeed(num_slots=1, is_on_cpu=project.recipe in WITHOUT_GPU)

    def facts(self, params: Params) -> JobFacts:
        project = ProjectParams.model_validate(params)
        config = project.model_dump(exclude={"data", "register_as", "name"}, exclude_none=True)
        return JobFacts(
            type=project.recipe, data=project.data, config=config, output_name=project.register_as
        )

    def total_steps(self, run: RunState) -> int | None:
        # Only the retinal recipe has epochs.
        if run.total_epochs is None or run.steps_per_epoch is None:
            return None
        return run.total_epochs * run.steps_per_epoch

    def progress(self, run: RunState) -> float:
        if effective_status(run.mlflow_status, run.tags) is RunStatus.COMPLETED:
            return 1.0
        percent = run.latest.get(PipelineMetric.PROGRESS_PERCENT)
        if percent is None:
            return super().progress(run)
        # A NaN compares as false, and counts as 0.
        return min(percent.value, 100.0) / 100 if percent.value > 0 else 0.0


def _table_flags(project: ProjectParams) -> Iterator[str]:
    """Mappings and lists are JSON; a flag that is not given keeps its default."""
    given: Mapping[str, Any] = {
        "description": project.description,
        "answers": project.answers,
        "group": project.group,
        "date": project.date,
        "overrides": [it.model_dump() for it in project.overrides],
        "budget-s": project.budget_s,
        "learners": project.learners,
        "hyperparameters": project.hyperparameters,
        "engine": project.engine,
        "pretrained": project.pretrained,
        "finetune": project.finetune,
        "finetuned-alias": project.finetuned_alias,
        "test-data": project.test_data,
    }
    for name, value in given.items():
        if isinstance(value, dict | list):
            if value:
                yield f"--{name}={json.dumps(value)}"
        elif value not in (None, ""):
            yield f"--{name}={value}"
