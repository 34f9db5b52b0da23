"""Trains the recipe of a job with the torch loop, as one of the ranks of a process group."""

import os
from contextlib import closing

import torch

from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Observed
from training.agreement import Agreement
from training.checkpoints.location import open_checkpoints
from training.checkpoints.store import CheckpointStore
from training.console import BarConsole, BarFactory, Console, LineConsole
from training.errors import TrackingError
from training.job import TrainingJob
from training.logs import configure_logging
from training.loop import TrainingLoop
from training.null_recorders import NullConsole, NullTracker
from training.outcome import Ending, TrainingOutcome
from training.process import Process, current_process
from training.random_state import seed_everything
from training.recipe import LoopSpec, RecordedRecipe
from training.recording.control_signal import ControlLinkSignal
from training.recording.loop_recorder import LoopRecorder


def run_loop_rank(
    spec: LoopSpec, job: TrainingJob, make_bar: BarFactory, gpu: torch.device | None
) -> TrainingOutcome:
    """Train as one of the ranks, or alone. Raises TrainingError if the training fails."""
    process = current_process(use_gpu=job.use_gpu, gpu=gpu)
    _prepare_process(process)
    config = spec.config_class.parse(dict(job.config))
    seed_everything(config.seed, process.rank)
    _set_deterministic(config.deterministic)
    recipe = spec.build(config, job.data_dir, process)
    checkpoints = open_checkpoints(
        job.artifact_uri,
        tracking_uri=job.tracking_uri,
        staging=job.work_dir / "checkpoints",
        keep_last=config.keep_last,
    )
    if process.is_main:
        with closing(RunControl(job.run_id, tracking_uri=job.tracking_uri)) as control:
            return _train_and_record(job, recipe, process, checkpoints, make_bar, control)
    return TrainingLoop(
        recipe=recipe,
        process=process,
        agreement=Agreement(process, None),
        tracker=NullTracker(),
        checkpoints=checkpoints,
        console=NullConsole(),
    ).run()


def _train_and_record(
    job: TrainingJob,
    recipe: RecordedRecipe,
    process: Process,
    checkpoints: CheckpointStore,
    make_bar: BarFactory,
    control: RunControl,
) -> TrainingOutcome:
    control.report(Observed.STARTING)
    signal = ControlLinkSignal(control)
    recorder = LoopRecorder(job, checkpoints)
    console: Console = BarConsole(make_bar) if job.shows_bars else LineConsole()
    try:
        loop = TrainingLoop(
            recipe=recipe,
            process=process,
            agreement=Agreement(process, signal),
            tracker=recorder.tracker,
            checkpoints=checkpoints,
            console=console,
        )
        recorder.begin(recipe, process)
        outcome = loop.run()
        _finish(outcome, recorder, recipe, signal)
    except BaseException:
        recorder.abandon()
        raise
    return outcome


def _finish(
    outcome: TrainingOutcome,
    recorder: LoopRecorder,
    recipe: RecordedRecipe,
    signal: ControlLinkSignal,
) -> None:
    """Deliver everything. Raises TrackingError if the server does not acknowledge a release."""
    if outcome.ending is Ending.COMPLETED:
        recorder.finish(recipe)
        return
    recorder.close()
    if outcome.ending is Ending.RELEASED and not signal.report_released(outcome.steps):
        raise TrackingError(
            f"The run is saved after step {outcome.steps} in order to be paused, but the server "
            "did not acknowledge it. Resume the same run: fit --run-id."
        )


def _set_deterministic(is_requested: bool) -> None:
    if is_requested:
        # cuBLAS reads this variable when it is first used.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(is_requested)


def _prepare_process(process: Process) -> None:
    configure_logging()
    if process.device.type == "cpu":
        num_local_ranks = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // num_local_ranks))
