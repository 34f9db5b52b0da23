"""Runs each trial as a Ray task, so that a cluster tries several at once."""

import io
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from training.errors import first_line
from training.tables.labels import Floats
from training.tables.printable import printable
from training.tables.selection.local_runner import LocalRunner
from training.tables.selection.ray_slots import RaySlots
from training.tables.selection.trial import TrialData, TrialEvent, TrialSpec
from training.tables.splits.table_split import Fold

Order = Literal["go", "wait", "stop"]
_PAUSE_AFTER_S = 3.0
_MEMORY_SHARE = 0.8
_POLL_S = 0.25
_MAX_MESSAGE_CHARS = 300


class RayRunner:
    """As many trials at a time as there is room for; `ray.init` comes first.

    A task runs its trial in a child process, so memory and crashes are as on one machine.
    """

    def __init__(self, slots: RaySlots) -> None:
        # Only those who train on Ray have it.
        import ray  # noqa: PLC0415

        self.num_threads = slots.num_threads
        self.num_slots = slots.num_slots
        resources = ray.cluster_resources()
        # A task that asks for more than there is would wait for ever.
        self._memory_bytes = int(_MEMORY_SHARE * resources.get("memory", 2**30) / self.num_slots)
        self._data: Any = None

    def prepare(self, data: TrialData) -> None:
        import ray  # noqa: PLC0415

        arrays = (data.values, data.targets, [(f.train, f.validation) for f in data.folds])
        self._data = ray.put(arrays)

    def start(self, spec: TrialSpec, folder: Path) -> "RayTrial":
        import ray  # noqa: PLC0415

        memory_bytes = min(spec.memory_bytes, self._memory_bytes)
        spec = spec.model_copy(update={"memory_bytes": memory_bytes})
        link = ray.remote(num_cpus=0)(TrialLink).remote()
        task = ray.remote(num_cpus=self.num_threads, memory=spec.memory_bytes, max_retries=0)(
            ray_trial
        )
        # A list keeps Ray from copying the arrays into the arguments.
        result = task.remote([self._data], spec.model_dump_json(), self.num_threads, link)
        return RayTrial(link, result, folder)

    def close(self) -> None:
        self._data = None


class TrialLink:
    """An actor between the selection, which gives orders, and the task, which reports."""

    def __init__(self) -> None:
        self._go_at = time.monotonic()
        self._is_stopped = False
        self._events: list[str] = []

    def go(self) -> list[str]:
        """Let the trial go on; what it reported since the last call."""
        self._go_at = time.monotonic()
        events, self._events = self._events, []
        return events

    def stop(self) -> None:
        self._is_stopped = True

    def report(self, events: list[str]) -> Order:
        """Keep the events; what the trial is to do."""
        self._events += events
        if self._is_stopped:
            return "stop"
        return "go" if time.monotonic() - self._go_at < _PAUSE_AFTER_S else "wait"


class RayTrial:
    """A trial that runs somewhere on the cluster."""

    def __init__(self, link: Any, result: Any, folder: Path) -> None:
        self._link, self._result, self._folder = link, result, folder
        self._is_over = False
        self._events: list[TrialEvent] = []

    def poll(self, timeout_s: float) -> Sequence[TrialEvent]:
        import ray  # noqa: PLC0415

        if self._is_over:
            return []
        try:
            ended, _ = ray.wait([self._result], timeout=timeout_s)
            texts: list[str] = ray.get(self._link.go.remote())
            self._events += [TrialEvent.model_validate_json(text) for text in texts]
            if ended:
                _unpack(ray.get(self._result), self._folder)
                self._is_over = True
        except (ray.exceptions.RayError, OSError) as error:
            self._is_over = True
            message = printable(first_line(error), _MAX_MESSAGE_CHARS)
            return [TrialEvent(kind="failed", message=f"Its Ray task ended: {message}")]
        # Only the task's result brings the folder, so the last event waits for it.
        taken = [event for event in self._events if self._is_over or not event.is_last]
        self._events = [event for event in self._events if event not in taken]
        return taken

    def stop(self) -> None:
        self._link.stop.remote()

    def kill(self) -> None:
        import ray  # noqa: PLC0415

        if not self._is_over:
            ray.cancel(self._result, force=True)
        self._is_over = True
        ray.kill(self._link)


def ray_trial(data: list[Any], spec_json: str, num_threads: int, link: Any) -> bytes:
    """Run the trial in a child process of this task; its folder as a zip archive."""
    import ray  # noqa: PLC0415

    values, targets, folds = ray.get(data[0])
    with tempfile.TemporaryDirectory(prefix="fovea-trial-") as folder:
        runner = LocalRunner(num_threads=num_threads, keeps_spare=False)
        runner.prepare(_trial_data(values, targets, folds))
        trial = runner.start(TrialSpec.model_validate_json(spec_json), Path(folder))
        try:
            order: Order = "go"
            while True:
                events = [] if order == "wait" else trial.poll(_POLL_S)
                texts = [event.model_dump_json() for event in events]
                order = ray.get(link.report.remote(texts))
                if any(event.is_last for event in events):
                    return _packed(Path(folder))
                if order == "stop":
                    trial.stop()
                elif order == "wait":
                    time.sleep(_POLL_S)
        finally:
            trial.kill()
            runner.close()


def _trial_data(values: Floats, targets: Floats, folds: list[Any]) -> TrialData:
    return TrialData(values, targets, tuple(Fold(*rows) for rows in folds))


def _packed(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return buffer.getvalue()


def _unpack(content: bytes, folder: Path) -> None:
    """The archive is our own task's, and zipfile keeps names within the folder."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
