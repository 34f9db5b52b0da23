"""The registry of job kinds. A new kind is a file with a JobKind and one line here."""

from collections.abc import Mapping

from api.control.mlflow_run import JobTraits
from api.errors import ConflictError
from api.jobs.evaluate_kind import EvaluateKind
from api.jobs.job_kind import JobKind
from api.jobs.params import refusal
from api.jobs.project_kind import ProjectKind
from api.jobs.store import Job, JobStore
from api.jobs.training_kind import TrainingKind

TRAINING = TrainingKind()
EVALUATE = EvaluateKind()
PROJECT = ProjectKind()

JOB_KINDS: Mapping[str, JobKind] = {kind.name: kind for kind in (TRAINING, EVALUATE, PROJECT)}


class UnknownKindError(ConflictError):
    """A job of a kind that this version of the server does not have."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The server has no job kind {name!r}: a newer version created the job, use that one"
        )


def stored_kind(job: Job) -> JobKind:
    """Raises UnknownKindError if another version of the server created the job."""
    if job.kind not in JOB_KINDS:
        raise UnknownKindError(job.kind)
    return JOB_KINDS[job.kind]


def job_traits(jobs: JobStore, run_id: str) -> JobTraits | None:
    """The traits of the job of the run; None if the run is no job of this server. Blocking."""
    job = jobs.find(run_id)
    if job is None:
        return None
    return JobTraits(kind=job.kind, can_pause=stored_kind(job).can_pause)


def require_kind(name: str, at: tuple[str, ...]) -> JobKind:
    """The kind of that name. Raises RequestValidationError for the field `at` if there is none."""
    if name not in JOB_KINDS:
        raise refusal(at, f"there is no {name[:64]!r}; {', '.join(JOB_KINDS)} was expected")
    return JOB_KINDS[name]
