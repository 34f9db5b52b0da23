"""How a Ray job is, in Ray's words."""

from enum import StrEnum


class RayStatus(StrEnum):
    """Source: `ray.job_submission.JobStatus`, which costs Ray's import."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def is_end(self) -> bool:
        return self in (RayStatus.STOPPED, RayStatus.SUCCEEDED, RayStatus.FAILED)
