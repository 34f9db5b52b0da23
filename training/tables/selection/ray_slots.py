"""Counts the trials that a Ray cluster has room for, beside the process that selects them."""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_SLOTS = 16


@dataclass(frozen=True, kw_only=True)
class RaySlots:
    """Threads of one trial, and trials at a time."""

    num_threads: int
    num_slots: int


def fitting_slots(cores_of_nodes: Sequence[int], num_threads: int) -> RaySlots | None:
    """The slots on nodes with so many cores that nothing else of this training holds.

    A trial has fewer threads where no node has as many cores. None without a core: a task would
    wait for ever.
    """
    largest = max(cores_of_nodes, default=0)
    if largest < 1:
        return None
    threads = min(num_threads, largest)
    num_slots = sum(cores // threads for cores in cores_of_nodes)
    return RaySlots(num_threads=threads, num_slots=min(MAX_SLOTS, num_slots))


def cores_beside_this_process() -> list[int]:
    """By node of the cluster; a worker of Ray Train holds a core itself until the training ends."""
    # Only those who train on Ray have it.
    import ray  # noqa: PLC0415

    context = ray.get_runtime_context()
    # Ray Train's workers are actors; a driver holds nothing.
    is_worker = context.get_actor_id() is not None
    held = float(context.get_assigned_resources().get("CPU", 0)) if is_worker else 0.0
    own_node = context.get_node_id()
    return [
        int(node["Resources"].get("CPU", 0) - (held if node["NodeID"] == own_node else 0))
        for node in ray.nodes()
        if node["Alive"]
    ]
