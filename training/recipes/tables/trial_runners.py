"""Chooses where the trials of a selection run: on this machine, or on the Ray cluster of the job."""

import sys

from training.recipes.tables.config import TrialPlace
from training.tables.errors import TableError
from training.tables.selection.machine import num_cores, threads_and_slots
from training.tables.selection.ray_runner import RayRunner
from training.tables.selection.ray_slots import cores_beside_this_process, fitting_slots


def ray_runner(place: TrialPlace, num_cells: int) -> RayRunner | None:
    """The runner for trials of so many values; None if they run on this machine.

    Raises TableError if Ray is asked for, and the pipeline leaves no core of it free.
    """
    require_place(place)
    if place is TrialPlace.LOCAL or not _is_on_ray():
        return None
    free = cores_beside_this_process()
    if place is TrialPlace.AUTO and sum(free) <= num_cores():
        return None
    threads, _ = threads_and_slots(num_cells, max(free, default=1))
    slots = fitting_slots(free, threads)
    if slots is None:
        raise TableError(
            "trials: expected a core in the Ray cluster beside the one that the pipeline holds, "
            "but there is none. Add machines, or leave trials=ray out."
        )
    return RayRunner(slots)


def require_place(place: TrialPlace) -> None:
    """Raises TableError if Ray is asked for, but the job does not run on it."""
    if place is TrialPlace.RAY and not _is_on_ray():
        raise TableError(
            "trials: expected a training on Ray, but this one is not. Start it with "
            "--launcher ray, or leave trials=ray out."
        )


def _is_on_ray() -> bool:
    """Without importing Ray, which takes seconds: only Ray's own workers have it already."""
    ray = sys.modules.get("ray")
    return ray is not None and bool(ray.is_initialized())
