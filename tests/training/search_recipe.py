"""A recipe that searches until its budget of seconds is over, and follows one-time commands meanwhile."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from tracking_plugin.instruction_names import EXTEND_BUDGET, SKIP_TRIAL
from training.config import FrozenConfig
from training.job import TrainingJob
from training.recipe_spec import DatasetDescription, RunDescription, TrainingSession

NUM_TRIALS = 3


class SearchConfig(FrozenConfig):
    data: str = Field("", description="a folder, which is not read")
    budget_s: float = Field(300, gt=0, description="seconds")


class SearchSpec:
    """Implements `training.recipe_spec.ProgramSpec`: ends once all trials are skipped and it has more time."""

    @property
    def config_class(self) -> type[SearchConfig]:
        return SearchConfig

    def configure(self, given: Mapping[str, Any], *, has_gpu: bool) -> SearchConfig:
        return SearchConfig.parse(dict(given))

    def check(self, config: FrozenConfig, data_dir: Path) -> None:
        """Nothing can be wrong."""

    def run(self, job: TrainingJob, session: TrainingSession) -> None:
        config = SearchConfig.parse(dict(job.config))
        dataset = DatasetDescription(name="none", digest="0", source=config.data, profile={})
        session.understand(SKIP_TRIAL, EXTEND_BUDGET)
        session.begin(RunDescription(params={"total_epochs": "1"}, dataset=dataset))
        left, is_extended, step = set(range(NUM_TRIALS)), False, 0
        end = time.monotonic() + config.budget_s
        while (left or not is_extended) and time.monotonic() < end:
            step += 1
            for instruction in session.take_instructions(step):
                if instruction.name == EXTEND_BUDGET:
                    end += instruction.arguments["seconds"]
                    is_extended = True
                    instruction.done("The search ends later")
                elif instruction.arguments["trial"] in left:
                    left.remove(instruction.arguments["trial"])
                    instruction.done()
                else:
                    instruction.refuse("There is no such trial")
            if session.should_stop(step):
                return
            time.sleep(0.01)
        session.tracker.log_json({"left": sorted(left), "is_extended": is_extended}, "search.json")
