"""Trains the recipe of a job with the torch loop, as one of the ranks of a process group."""

import os
from contextlib import closing

import torch

from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Observed
from training.agreement import Agreement
from training.checkpoints.location import open_checkpoints
from training.checkpoints.store import CheckpointStore
from training.config import LoopConfig
from training.console import BarConsole, BarFactory, Console, LineConsole
from training.effective_batch import keep_effective_batch
from training.errors import ConfigError, TrackingError, WeightsError
from training.evidence.best_model import fit_best_evidence
from training.evidence.outputs import FittedEvidence, no_evidence
from training.job import TrainingJob
from training.logs import configure_logging
from training.loop import TrainingLoop
from training.null_recorders import NullConsole, NullTracker
from training.outcome import Ending, TrainingOutcome
from training.process import Process, current_process
from training.random_state import seed_everything
from training.recipe import LoopSpec, RecordedRecipe
from training.recording.beginning import Start, identity_store_of, read_beginning, start
from training.recording.control_signal import ControlLinkSignal
from training.recording.loop_recorder import LoopRecorder, describe_run
from training.run_identity import Beginning
from training.settings import TrainingSettings


def run_loop_rank(
    spec: LoopSpec, job: TrainingJob, make_bar: BarFactory, gpu: torch.device | None
) -> TrainingOutcome:
    """Train as one of the ranks, or alone. Raises TrainingError if the training fails."""
    process = current_process(use_gpu=job.use_gpu, gpu=gpu)
    _prepare_process(process)
    config = spec.config_class.parse(dict(job.config))
    seed_everything(config.seed, process.rank)
    _set_deterministic(config.deterministic)
    checkpoints = open_checkpoints(
        job.artifact_uri,
        tracking_uri=job.tracking_uri,
        staging=job.work_dir / "checkpoints",
        keep_last=config.keep_last,
    )
    before = process.broadcast(read_beginning(job) if process.is_main else None)
    if before is not None:
        config = keep_effective_batch(config, before.samples_per_step, process.world_size)
    has_checkpoint = process.broadcast(
        checkpoints.latest() is not None if process.is_main else False
    )
    recipe = _build(spec, config, job, process, before, has_checkpoint=has_checkpoint)
    begun = _agreed_start(job, recipe, process, before, has_checkpoint=has_checkpoint)
    if begun is not None:
        with closing(RunControl(job.run_id, tracking_uri=job.tracking_uri)) as control:
            return _train_and_record(job, recipe, process, checkpoints, make_bar, control, begun)
    outcome = TrainingLoop(
        recipe=recipe,
        process=process,
        agreement=Agreement(process, None),
        tracker=NullTracker(),
        checkpoints=checkpoints,
        console=NullConsole(),
    ).run()
    if outcome.ending is Ending.COMPLETED:
        fit_best_evidence(recipe, checkpoints, process)
    return outcome


def _build(
    spec: LoopSpec,
    config: LoopConfig,
    job: TrainingJob,
    process: Process,
    before: Beginning | None,
    *,
    has_checkpoint: bool,
) -> RecordedRecipe:
    try:
        return spec.build(config, job.data_dir, process, has_checkpoint=has_checkpoint)
    except WeightsError as error:
        if before is None:
            raise
        raise WeightsError(
            f"{error} The run has no checkpoint yet that could replace the weights file: put the "
            "file back, or start a new run without --run-id."
        ) from error


def _agreed_start(
    job: TrainingJob,
    recipe: RecordedRecipe,
    process: Process,
    before: Beginning | None,
    *,
    has_checkpoint: bool,
) -> Start | None:
    """How the run starts, on rank 0 alone. Raises ConfigError on every rank if it must not be resumed."""
    begun, refusal = None, ""
    if process.is_main:
        try:
            description = describe_run(recipe, process)
            begun = start(job, description, before, has_checkpoint=has_checkpoint)
        except ConfigError as error:
            refusal = str(error)
    if refusal := process.broadcast(refusal):
        raise ConfigError(refusal)
    return begun


def _train_and_record(
    job: TrainingJob,
    recipe: RecordedRecipe,
    process: Process,
    checkpoints: CheckpointStore,
    make_bar: BarFactory,
    control: RunControl,
    begun: Start,
) -> TrainingOutcome:
    control.report(Observed.STARTING)
    signal = ControlLinkSignal(control)
    recorder = LoopRecorder(job, checkpoints, identity_store_of(job))
    console: Console = BarConsole(make_bar) if job.shows_bars else LineConsole()
    try:
        loop = TrainingLoop(
            recipe=recipe,
            process=process,
            agreement=Agreement(process, signal, control),
            tracker=recorder.tracker,
            checkpoints=checkpoints,
            console=console,
        )
        control.understand(loop.instructions.names)
        recorder.begin(begun)
        control.wait_for_first_command()
        outcome = loop.run()
        evidence = None
        if outcome.ending is Ending.COMPLETED:
            evidence = fit_best_evidence(recipe, checkpoints, process)
        _finish(outcome, recorder, recipe, evidence, signal)
    except BaseException:
        recorder.abandon()
        raise
    return outcome


def _finish(
    outcome: TrainingOutcome,
    recorder: LoopRecorder,
    recipe: RecordedRecipe,
    evidence: FittedEvidence | None,
    signal: ControlLinkSignal,
) -> None:
    """Deliver everything. Raises TrackingError if the server does not acknowledge a release."""
    if outcome.ending is Ending.COMPLETED:
        recorder.finish(recipe, evidence or no_evidence("No evidence was fitted."))
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
        share = max(1, (os.cpu_count() or 1) // num_local_ranks)
        # Not of OMP_NUM_THREADS, which torchrun and Ray set to 1 unasked.
        torch.set_num_threads(TrainingSettings().cpu_threads or share)
