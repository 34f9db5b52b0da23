"""A recipe without torch: it fits a line by repeated halving, and records each step itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from tracking_plugin.names import Param
from training.config import FrozenConfig
from training.errors import ConfigError, DataError
from training.job import TrainingJob
from training.recipe_spec import DatasetDescription, RunDescription, TrainingSession


class LineConfig(FrozenConfig):
    """The settings of the line."""

    data: str = Field("", description="file with one number a line")
    steps: int = Field(5, ge=1, description="halvings of the distance to the mean")


class LineSpec:
    """Implements `training.recipe_spec.ProgramSpec`: finds the mean of the numbers in a file."""

    @property
    def config_class(self) -> type[LineConfig]:
        return LineConfig

    def configure(self, given: Mapping[str, Any], *, has_gpu: bool) -> LineConfig:
        config = LineConfig.parse(dict(given))
        if not config.data:
            raise ConfigError("data: name the file with the numbers.")
        return config

    def check(self, config: FrozenConfig, data_dir: Path) -> None:
        read_numbers(Path(LineConfig.parse(config.model_dump()).data))

    def run(self, job: TrainingJob, session: TrainingSession) -> None:
        config = LineConfig.parse(dict(job.config))
        numbers = read_numbers(Path(config.data))
        session.begin(
            RunDescription(
                params={Param.TOTAL_EPOCHS: "1", "num_rows": str(len(numbers))},
                dataset=DatasetDescription(
                    name="numbers", digest="0", source=config.data, profile={"rows": len(numbers)}
                ),
            )
        )
        mean, level = sum(numbers) / len(numbers), 0.0
        for step in range(1, config.steps + 1):
            level += (mean - level) / 2
            session.tracker.log_metrics({"train/loss": (mean - level) ** 2}, step)
            if session.should_stop(step):
                return
        session.tracker.log_json({"level": level}, "line.json")


def read_numbers(path: Path) -> list[float]:
    try:
        return [float(line) for line in path.read_text().splitlines()]
    except (OSError, ValueError) as error:
        raise DataError(f"The numbers cannot be read: {error}") from error
