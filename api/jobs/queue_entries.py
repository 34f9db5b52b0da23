"""Queues as HTTP shows them: jobs of other workspaces have a place, and nothing else."""

from api.jobs.kinds import stored_kind
from api.jobs.queue import Place, Queue
from api.jobs.schemas import JobQueue, QueuePlace
from api.timestamps import utc


def shown_queue(queue: Queue, workspace: str | None) -> JobQueue:
    """The queue as a request in `workspace` may see it."""
    return JobQueue(
        pool=queue.pool,
        num_slots=queue.num_slots,
        num_used=queue.num_used,
        running=[_shown(place, workspace, None) for place in queue.running],
        waiting=[
            _shown(place, workspace, number) for number, place in enumerate(queue.waiting, start=1)
        ],
    )


def _shown(place: Place, workspace: str | None, position: int | None) -> QueuePlace:
    job = place.job
    is_own = job.workspace == workspace
    since_ms = job.started_ms if position is None else job.queued_ms
    return QueuePlace(
        job_id=job.run_id if is_own else None,
        type=stored_kind(job).facts(job.params).type if is_own else None,
        priority=job.priority,
        num_slots=place.num_slots,
        position=position,
        since=utc(job.created_ms if since_ms is None else since_ms),
    )
