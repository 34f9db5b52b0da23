"""The job kind `training`: trains a recipe as `python -m training fit`."""

import shlex
from collections.abc import Iterator

from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field, ValidationError

from api.jobs.job_kind import JobFacts, JobKind, NewRun, Params, SlotNeed
from api.jobs.params import Schema, flags, require_params
from api.jobs.recipes import recipe_schemas, require_recipe
from api.jobs.schemas import Name, TrainingRequest
from api.runs.reader import RunReader
from api.runs.state import RunState
from tracking_plugin.data_roots import path_params
from tracking_plugin.names import Tag

WITHOUT_GPU = ("tables",)
"""The recipes that compute on the CPU alone."""


class TrainingParams(TrainingRequest):
    """The parameters of a training job; stored as JSON beside the run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    output_name: Name | None = Field(None, description="name in the model registry")


class TrainingKind(JobKind):
    name = "training"
    can_pause = True
    can_resume = True

    @property
    def params_schema(self) -> Schema:
        return TrainingParams.model_json_schema()

    def require_params(self, params: Params, at: tuple[str, ...]) -> None:
        try:
            training = TrainingParams.model_validate(params)
        except ValidationError as error:
            problems = [{**problem, "loc": (*at, *problem["loc"])} for problem in error.errors()]
            raise RequestValidationError(problems) from None
        require_recipe(training.recipe, (*at, "recipe"))
        schema = recipe_schemas()[training.recipe]
        require_params(schema, training.params, (*at, "params"))

    def paths(self, params: Params) -> Iterator[tuple[str, str]]:
        training = TrainingParams.model_validate(params)
        if training.data is not None:
            yield "data", training.data
        yield from path_params(recipe_schemas()[training.recipe], training.params)

    def command(self, params: Params, run_id: str) -> str:
        training = TrainingParams.model_validate(params)
        words = [
            *("python", "-m", "training", "fit", "--run-id", run_id),
            *("--recipe", training.recipe, "--launcher", "ray"),
            *("--workers", str(training.workers)),
        ]
        if training.data:
            words.append(f"--data={training.data}")
        if training.output_name:
            words.append(f"--register-as={training.output_name}")
        return shlex.join([*words, *flags(training.params)])

    def new_run(self, params: Params, reader: RunReader) -> NewRun:
        training = TrainingParams.model_validate(params)
        return NewRun(
            experiment=training.experiment_name,
            name=training.output_name or "",
            tags={str(Tag.RECIPE): training.recipe},
        )

    def slots(self, params: Params) -> SlotNeed:
        training = TrainingParams.model_validate(params)
        return SlotNeed(num_slots=training.workers, is_on_cpu=training.recipe in WITHOUT_GPU)

    def facts(self, params: Params) -> JobFacts:
        training = TrainingParams.model_validate(params)
        return JobFacts(
            type=training.recipe,
            data=training.data,
            config=training.params,
            output_name=training.output_name,
            workers=training.workers,
        )

    def total_steps(self, run: RunState) -> int | None:
        if run.total_epochs is None or run.steps_per_epoch is None:
            return None
        return run.total_epochs * run.steps_per_epoch
