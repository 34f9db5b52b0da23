"""The request by which a benchmark lets its server publish updates of a run."""

from dataclasses import dataclass

PREFIX = "/benchmark"
"""The path prefix of the benchmarks' own routes; all other paths are Fovea's."""


@dataclass(frozen=True, kw_only=True)
class PublishRequest:
    """Publish `num_updates` at a steady rate, each with `steps` steps of every metric."""

    run_id: str
    first_step: int
    num_updates: int
    updates_per_s: float
    steps: int
