"""An endpoint that keeps a run in memory and fails on request."""

from collections.abc import Callable, Sequence
from pathlib import Path

from training.tracking.failures import Refused, Unavailable
from training.tracking.records import Entry, MetricRecord, TagRecord

Failure = Unavailable | Refused


class MemoryEndpoint:
    def __init__(self) -> None:
        self.earlier_steps: dict[str, list[int]] = {}
        """The steps of each metric that an earlier attempt has delivered."""
        self.histories_read: list[str] = []
        self.batches: list[list[Entry]] = []
        self.files: dict[str, bytes] = {}
        self.arrivals: list[str] = []
        """Keys and artifact paths in the order of their arrival."""
        self.num_requests = 0
        self.fault_of: Callable[[Sequence[Entry]], Failure | None] = lambda entries: None
        self.after_batch: Callable[[], None] = lambda: None
        self.run_fault: Failure | None = None
        self.upload_fault: Failure | None = None
        self._num_failures_left = 0

    @property
    def points(self) -> list[tuple[str, int, float]]:
        return [
            (entry.key, entry.step, entry.value)
            for batch in self.batches
            for entry in batch
            if isinstance(entry, MetricRecord)
        ]

    @property
    def tags(self) -> dict[str, str]:
        entries = [entry for batch in self.batches for entry in batch]
        return {entry.key: entry.value for entry in entries if isinstance(entry, TagRecord)}

    def fail_next(self, num_requests: int) -> None:
        """Fail the next `num_requests` requests of any kind; the first read of the run succeeds."""
        self._num_failures_left = num_requests

    def latest_steps(self) -> dict[str, int]:
        if self.num_requests > 0:
            self._request(self.run_fault)
        return {key: max(steps) for key, steps in self.earlier_steps.items()}

    def metric_steps(self, key: str) -> list[int]:
        self._request(self.run_fault)
        self.histories_read.append(key)
        return self.earlier_steps[key]

    def log_batch(self, entries: Sequence[Entry]) -> None:
        self._request(self.fault_of(entries))
        self.batches.append(list(entries))
        self.arrivals += [entry.key for entry in entries]
        self.after_batch()

    def list_files(self, folder: str) -> list[str]:
        self._request(None)
        return [path for path in self.files if path.startswith(f"{folder}/")]

    def upload(self, file: Path, artifact_path: str) -> None:
        self._request(self.upload_fault)
        self.files[artifact_path] = file.read_bytes()
        self.arrivals.append(artifact_path)

    def _request(self, fault: Failure | None) -> None:
        self.num_requests += 1
        if self._num_failures_left > 0:
            self._num_failures_left -= 1
            raise Unavailable("connection refused")
        if fault is not None:
            raise fault
