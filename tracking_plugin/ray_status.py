"""The statuses of a Ray job."""

from enum import StrEnum


class RayStatus(StrEnum):
    """Copies `ray.job_submission.JobStatus`, so that its users need not import Ray."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def is_end(self) -> bool:
        return self in (RayStatus.STOPPED, RayStatus.SUCCEEDED, RayStatus.FAILED)
