"""What every rank does, whichever launcher started it: put the pieces together and train."""

import os
from contextlib import closing

import torch

from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Observed
from training.agreement import Agreement
from training.checkpoints.location import open_checkpoints
from training.checkpoints.store import CheckpointStore
from training.console import BarConsole, BarFactory, Console, LineConsole, terminal_bar
from training.errors import TrackingError
from training.job import TrainingJob
from training.logs import configure_logging
from training.loop import TrainingLoop
from training.outcome import Ending, Outcome
from training.process import Process, current_process
from training.random_state import seed_everything
from training.recipe import RecordedRecipe
from training.recipes.registry import recipe_kind
from training.recording.control_signal import ServerOrders
from training.recording.recorder import Recorder
from training.null_recorders import SilentConsole, SilentTracker


def run_rank(
    job: TrainingJob, make_bar: BarFactory = terminal_bar, gpu: torch.device | None = None
) -> Outcome:
    """Train as one of the ranks of the current process group, or alone; TrainingError if it fails."""
    process = current_process(use_gpu=job.use_gpu, gpu=gpu)
    _prepare_process(process)
    kind = recipe_kind(job.recipe)
    config = kind.config_class.parse(dict(job.config))
    seed_everything(config.seed, process.rank)
    _be_deterministic(config.deterministic)
    recipe = kind.build(config, job.data_dir, process)
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
        tracker=SilentTracker(),
        checkpoints=checkpoints,
        console=SilentConsole(),
    ).run()


def _train_and_record(
    job: TrainingJob,
    recipe: RecordedRecipe,
    process: Process,
    checkpoints: CheckpointStore,
    make_bar: BarFactory,
    control: RunControl,
) -> Outcome:
    control.report(Observed.STARTING)
    orders = ServerOrders(control)
    recorder = Recorder(job, checkpoints)
    console: Console = BarConsole(make_bar) if job.shows_bars else LineConsole()
    try:
        loop = TrainingLoop(
            recipe=recipe,
            process=process,
            agreement=Agreement(process, orders),
            tracker=recorder.tracker,
            checkpoints=checkpoints,
            console=console,
        )
        recorder.begin(recipe, process)
        outcome = loop.run()
        _settle(outcome, recorder, recipe, orders)
    except BaseException:
        recorder.abandon()
        raise
    return outcome


def _settle(
    outcome: Outcome, recorder: Recorder, recipe: RecordedRecipe, orders: ServerOrders
) -> None:
    """Bring everything to the server; TrackingError if it takes no notice."""
    if outcome.ending is Ending.COMPLETED:
        recorder.finish(recipe)
        return
    recorder.leave()
    if outcome.ending is Ending.RELEASED and not orders.released(outcome.steps):
        raise TrackingError(
            f"The run is saved after step {outcome.steps} so as to be paused, but the server did "
            "not take notice. Go on with the same run: fit --run-id."
        )


def _be_deterministic(is_asked: bool) -> None:
    if is_asked:
        # cuBLAS reads it when it is first used.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(is_asked)


def _prepare_process(process: Process) -> None:
    configure_logging()
    if process.device.type == "cpu":
        ranks_here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // ranks_here))
