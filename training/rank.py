"""Trains a job as one rank, independent of its launcher and of how its recipe trains."""

import os
from typing import Any

from training.console import BarFactory, terminal_bar
from training.full_disk import named_full_disk
from training.job import TrainingJob
from training.outcome import TrainingOutcome
from training.program import run_program
from training.recipe_spec import ProgramSpec
from training.recipes.registry import recipe_spec


def run_rank(
    job: TrainingJob, make_bar: BarFactory = terminal_bar, gpu: Any = None
) -> TrainingOutcome:
    """Train as one of the ranks of the current process group, or alone.

    `gpu` is the torch.device that the launcher has chosen, if it has chosen one. Raises
    TrainingError if the training fails.
    """
    os.environ.update(job.credentials)
    spec = recipe_spec(job.recipe)
    with named_full_disk(job.data_dir):
        if isinstance(spec, ProgramSpec):
            return run_program(spec, job)
        # A program recipe trains without torch.
        from training.loop_rank import run_loop_rank  # noqa: PLC0415
        from training.recipe import require_loop  # noqa: PLC0415

        return run_loop_rank(require_loop(spec), job, make_bar, gpu)
