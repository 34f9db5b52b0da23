"""A training loop without a model, in a thread of the test, that a server controls."""

import os
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

from mlflow import MlflowClient

from api.client import FoveaClient
from tests.waiting import DEADLINE_S
from tracking_plugin.control import RunControl
from tracking_plugin.control_secret import LINK_VARIABLE
from tracking_plugin.instruction_inbox import TakenInstruction

STEP_S = 0.01

_environment = threading.Lock()


@dataclass
class SimulatedLoop:
    """A loop for the run `run_id`; while `may_step` is unset, it does not finish its step."""

    run_id: str
    url: str
    secret: str = ""
    """That of a job that the server has started."""
    last_step: int | None = None
    step: int = 0
    may_step: threading.Event = field(default_factory=threading.Event)
    is_linked: threading.Event = field(default_factory=threading.Event)
    is_killed: threading.Event = field(default_factory=threading.Event)
    """Its process is gone, and has not ended the run."""
    understands: Sequence[str] = ()
    taken: list[TakenInstruction] = field(default_factory=list)
    """The one-time commands that it took; it refuses those with a `count` of 0."""

    def __post_init__(self) -> None:
        self.may_step.set()

    def train(self) -> None:
        """Train until the run is stopped or has FINISHED."""
        client = MlflowClient(self.url)
        client.update_run(self.run_id, status="RUNNING")
        with self._control() as control:
            assert control.wait_acknowledged(1, DEADLINE_S)
            self.is_linked.set()
            while self.last_step is None or self.step < self.last_step:
                self.may_step.wait()
                if self.is_killed.is_set():
                    return
                self.step += 1
                self._follow(control)
                if control.should_stop(self.step):
                    return
                # A step takes time, but a new command ends it early.
                control.wait_for_change(control.command, STEP_S)
        client.log_metric(self.run_id, "train/loss", 0.5, step=self.step)
        client.set_terminated(self.run_id)

    def _follow(self, control: RunControl) -> None:
        for instruction in control.take_instructions(self.step):
            self.taken.append(instruction)
            if instruction.arguments.get("count") == 0:
                instruction.refuse("Nothing to sample")
            else:
                instruction.done("Sampled")

    def _control(self) -> RunControl:
        """The control of a job with an environment of its own: the loops of a test share one process."""
        with _environment, patch.dict(os.environ, {LINK_VARIABLE: self.secret}):
            return RunControl(self.run_id, tracking_uri=self.url, understands=self.understands)

    @property
    def mlflow_status(self) -> str:
        return str(MlflowClient(self.url).get_run(self.run_id).info.status)


@contextmanager
def simulated_loop(url: str, *, understands: Sequence[str] = ()) -> Iterator[SimulatedLoop]:
    """A loop that is connected to the server, and stopped at the end of the block."""
    run = MlflowClient(url).create_run("0", run_name=f"loop-{uuid.uuid4().hex}")
    loop = SimulatedLoop(run.info.run_id, url, understands=understands)
    thread = threading.Thread(target=loop.train, daemon=True)
    thread.start()
    try:
        assert loop.is_linked.wait(DEADLINE_S)
        yield loop
    finally:
        loop.may_step.set()
        with FoveaClient(url) as client:
            client.stop(loop.run_id, timeout_s=DEADLINE_S)
        thread.join(DEADLINE_S)
        assert not thread.is_alive()
