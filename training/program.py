"""Trains a recipe that needs no torch loop, with the same run record, control and ending."""

from contextlib import closing

from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Observed
from tracking_plugin.instruction_inbox import TakenInstruction
from training.job import TrainingJob
from training.outcome import Ending, TrainingOutcome
from training.recipe_spec import ProgramSpec, RunDescription, Tracker
from training.recording.beginning import identity_store_of, read_beginning, start
from training.recording.recorder import Recorder


class ProgramSession:
    """Implements `training.recipe_spec.TrainingSession` over the control link and MLflow."""

    def __init__(self, job: TrainingJob, recorder: Recorder, control: RunControl) -> None:
        self._job = job
        self.tracker: Tracker = recorder.tracker
        self._recorder = recorder
        self._control = control
        self._has_stopped = False
        self._step = 0

    def begin(self, description: RunDescription) -> None:
        before = read_beginning(self._job)
        begun = start(self._job, description, before, has_checkpoint=False)
        self._recorder.begin(begun)
        self._control.report(Observed.TRAINING)

    def should_stop(self, step: int) -> bool:
        self._step = step
        self._has_stopped = self._control.should_stop(step)
        return self._has_stopped

    def understand(self, *names: str) -> None:
        self._control.understand(names)

    def take_instructions(self, step: int) -> list[TakenInstruction]:
        return self._control.take_instructions(step)

    def outcome(self) -> TrainingOutcome:
        ending = Ending.STOPPED if self._has_stopped else Ending.COMPLETED
        return TrainingOutcome(ending=ending, message="", steps=self._step)


def run_program(spec: ProgramSpec, job: TrainingJob) -> TrainingOutcome:
    """Train in this process. Raises TrainingError if the recipe fails or cannot be recorded."""
    with closing(RunControl(job.run_id, tracking_uri=job.tracking_uri)) as control:
        control.report(Observed.STARTING)
        recorder = Recorder(job, identity_store_of(job))
        session = ProgramSession(job, recorder, control)
        try:
            spec.run(job, session)
            recorder.close()
        except BaseException:
            recorder.abandon()
            raise
        job.remove_work_dir()
        return session.outcome()
