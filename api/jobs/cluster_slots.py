"""Finds how many ranks the cluster can run at once, and keeps the number where every server process reads it."""

import logging
import time
from collections.abc import Callable
from functools import partial

from api.errors import UnavailableError
from api.jobs.cluster import JobCluster
from api.jobs.queue import UNKNOWN_CAPACITY, Capacity, Pool
from api.jobs.store import JobStore
from api.storage.database import in_database
from tracking_plugin.ray_job_api import RayError

logger = logging.getLogger(__name__)

REFRESH_S = 30.0
"""Machines join and leave a cluster."""


class ClusterSlots:
    """Asked by the process that starts jobs."""

    def __init__(
        self,
        cluster: JobCluster,
        jobs: JobStore,
        most_slots: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`most_slots` is a limit that a person has set."""
        self._cluster = cluster
        self._jobs = jobs
        self._most_slots = most_slots
        self._clock = clock
        self._known: Capacity | None = None
        self._known_at = 0.0

    async def capacity(self) -> Capacity:
        """The slots of the cluster, which is started if needed.

        They are unknown while the cluster does not answer: then no job waits here, and its submission
        finds what is wrong.
        """
        if self._known is not None and self._clock() - self._known_at < REFRESH_S:
            return self._known
        try:
            async with self._cluster.in_use() as cluster:
                resources = await cluster.resources()
        except (RayError, UnavailableError) as error:
            logger.warning("The size of the Ray cluster is not known: %s", error)
            self._known = None
            return UNKNOWN_CAPACITY.at_most(self._most_slots)
        # A part of a GPU or a CPU runs no rank.
        found = Capacity(
            num_gpus=int(resources.get("GPU", 0)), num_cpus=max(1, int(resources.get("CPU", 0)))
        ).at_most(self._most_slots)
        if found != self._known:
            slots = {pool.value: found.slots(pool) for pool in Pool}
            await in_database(partial(self._jobs.store_slots, slots))
        self._known, self._known_at = found, self._clock()
        return found


def stored_capacity(jobs: JobStore) -> Capacity:
    """The slots as the process that starts jobs found them last. Blocking."""
    slots = jobs.slots()
    return Capacity(
        num_gpus=slots.get(Pool.GPU) or 0,
        num_cpus=slots.get(Pool.CPU),
    )
