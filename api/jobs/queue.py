"""Decides which waiting jobs may start: one queue for the GPUs of the cluster, one for its CPUs; does no I/O.

Jobs of a higher priority come first, and of one priority those that have waited longer. Nothing
overtakes the first one, so that a job of many ranks is not kept waiting by small ones for ever.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from api.jobs.job_kind import SlotNeed
from api.jobs.kinds import JOB_KINDS
from api.jobs.store import Job, JobState


class Pool(StrEnum):
    """What a queue is for."""

    GPU = "gpu"
    CPU = "cpu"


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """The slots of a cluster; without a number, nothing waits here: the cluster decides."""

    num_gpus: int = 0
    num_cpus: int | None = None

    def pool_of(self, need: SlotNeed) -> Pool:
        return Pool.GPU if self.num_gpus and not need.is_on_cpu else Pool.CPU

    def slots(self, pool: Pool) -> int | None:
        return self.num_gpus if pool is Pool.GPU else self.num_cpus

    def at_most(self, num_slots: int | None) -> "Capacity":
        """No more than `num_slots` for trainings: on the GPUs if there are any, else on the CPUs."""
        if num_slots is None:
            return self
        if self.num_gpus:
            return Capacity(num_gpus=min(num_slots, self.num_gpus), num_cpus=self.num_cpus)
        known = self.num_cpus
        return Capacity(num_cpus=num_slots if known is None else min(num_slots, known))


UNKNOWN_CAPACITY = Capacity()


@dataclass(frozen=True, kw_only=True)
class Place:
    """A job in a queue."""

    job: Job
    num_slots: int
    may_start: bool = False


@dataclass(kw_only=True)
class Queue:
    """The jobs of a pool: those that run, and those that wait, in the order in which they start."""

    pool: Pool
    num_slots: int | None
    running: list[Place] = field(default_factory=list)
    waiting: list[Place] = field(default_factory=list)

    @property
    def num_used(self) -> int:
        return sum(place.num_slots for place in self.running)


def queues(
    jobs: Sequence[Job], capacity: Capacity, *, skipped: Collection[str] = ()
) -> Mapping[Pool, Queue]:
    """The queues that `jobs`, which have not ended, are in.

    Of `skipped` runs, those that wait get no place: the server fails to start them, and they must
    not keep others from it.
    """
    found = {pool: Queue(pool=pool, num_slots=capacity.slots(pool)) for pool in Pool}
    for job in sorted(jobs, key=_order):
        need = need_of(job)
        if need is None:
            continue
        queue = found[capacity.pool_of(need)]
        place = Place(job=job, num_slots=_fitting(need.num_slots, queue.num_slots))
        if job.state is JobState.SUBMITTED:
            queue.running.append(place)
        elif job.state is JobState.WANTED and job.run_id not in skipped:
            queue.waiting.append(place)
    for queue in found.values():
        queue.waiting = _admitted(queue)
    return found


def held_back(found: Mapping[Pool, Queue]) -> set[str]:
    """The runs whose jobs have to wait."""
    return {
        place.job.run_id
        for queue in found.values()
        for place in queue.waiting
        if not place.may_start
    }


def positions(found: Mapping[Pool, Queue]) -> dict[str, int]:
    """The place of each waiting run in its queue, from 1."""
    return {
        place.job.run_id: number
        for queue in found.values()
        for number, place in enumerate(queue.waiting, start=1)
    }


def need_of(job: Job) -> SlotNeed | None:
    """None for a job that does not wait, or that another version of the server has created."""
    kind = JOB_KINDS.get(job.kind)
    try:
        return None if kind is None else kind.slots(job.params)
    except ValueError:
        return None


def _order(job: Job) -> tuple[int, int, int, str]:
    waits_since = job.created_ms if job.queued_ms is None else job.queued_ms
    return -job.priority, waits_since, job.created_ms, job.run_id


def _fitting(num_slots: int, num_all: int | None) -> int:
    """A job that is larger than the cluster gets its turn, and the training says what it needs."""
    return num_slots if num_all is None else min(num_slots, num_all)


def _admitted(queue: Queue) -> list[Place]:
    """The waiting places, with those marked that may start now."""
    if queue.num_slots is None:
        return [
            Place(job=place.job, num_slots=place.num_slots, may_start=True)
            for place in queue.waiting
        ]
    num_free = queue.num_slots - queue.num_used
    is_open = True
    found: list[Place] = []
    for place in queue.waiting:
        is_open = is_open and place.num_slots <= num_free
        num_free -= place.num_slots if is_open else 0
        found.append(Place(job=place.job, num_slots=place.num_slots, may_start=is_open))
    return found
