"""A training loop that trains nothing, in a thread: what a server controls, without the weight of a real one."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mlflow import MlflowClient

from api.client import FoveaClient
from tests.waiting import DEADLINE_S
from tracking_plugin.control import RunControl

STEP_S = 0.01


@dataclass
class SimulatedLoop:
    """Of the run `run_id`; deaf while `hears` is not set, as in the middle of a long step."""

    run_id: str
    url: str
    last_step: int | None = None
    step: int = 0
    hears: threading.Event = field(default_factory=threading.Event)
    is_linked: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.hears.set()

    def train(self) -> None:
        """Until it is told to stop, or has FINISHED."""
        client = MlflowClient(self.url)
        client.update_run(self.run_id, status="RUNNING")
        with RunControl(self.run_id, tracking_uri=self.url) as control:
            assert control.wait_acknowledged(1, DEADLINE_S)
            self.is_linked.set()
            while self.step != self.last_step:
                self.hears.wait()
                self.step += 1
                if control.should_stop(self.step):
                    return
                # A step takes time, but not where there is news.
                control.wait_for_change(control.command, STEP_S)
        client.log_metric(self.run_id, "train/loss", 0.5, step=self.step)
        client.set_terminated(self.run_id)

    @property
    def mlflow_status(self) -> str:
        return str(MlflowClient(self.url).get_run(self.run_id).info.status)


@contextmanager
def simulated_loop(url: str) -> Iterator[SimulatedLoop]:
    """A loop that listens, until it is stopped or at the latest until the end."""
    run = MlflowClient(url).create_run("0", run_name=f"loop-{uuid.uuid4().hex}")
    loop = SimulatedLoop(run.info.run_id, url)
    thread = threading.Thread(target=loop.train, daemon=True)
    thread.start()
    try:
        assert loop.is_linked.wait(DEADLINE_S)
        yield loop
    finally:
        loop.hears.set()
        with FoveaClient(url) as client:
            client.stop(loop.run_id, timeout_s=DEADLINE_S)
        thread.join(DEADLINE_S)
        assert not thread.is_alive()
