"""What a benchmark asks its server to tell the run's watchers."""

from dataclasses import dataclass

PREFIX = "/benchmark"
"""Where the server answers benchmarks; the rest of its addresses are Fovea's."""


@dataclass(frozen=True, kw_only=True)
class Telling:
    """So many updates of one run, at regular times, each with `steps` steps of every metric."""

    run_id: str
    first_step: int
    num_updates: int
    updates_per_s: float
    steps: int
