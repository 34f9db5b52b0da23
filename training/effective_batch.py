"""Keeps the samples of an optimizer step when a run is resumed on another number of ranks.

The learning rates, the steps of an epoch and the order of the samples all depend on that number, so
the training continues as it began.
"""

import logging

from training.config import LoopConfig
from training.errors import ConfigError

logger = logging.getLogger(__name__)


def keep_effective_batch(config: LoopConfig, samples_per_step: int, world_size: int) -> LoopConfig:
    """`config` with a micro-batch and accumulation that give `samples_per_step` on `world_size` ranks.

    A micro-batch never becomes larger, because a rank may have no memory for more. Raises ConfigError
    if the ranks cannot share the samples equally.
    """
    per_rank, rest = divmod(samples_per_step, world_size)
    if per_rank == config.batch_size * config.gradient_accumulation and rest == 0:
        return config
    if rest or per_rank == 0:
        raise ConfigError(
            f"The run trains with {samples_per_step} samples a step, which {world_size} ranks cannot "
            f"share equally. Resume it on {_choices(samples_per_step)} ranks (--workers, or "
            "torchrun's --nproc-per-node)."
        )
    batch_size = max(size for size in range(1, config.batch_size + 1) if per_rank % size == 0)
    logger.warning(
        "The run is resumed on another number of ranks: each of the %d ranks now computes %d "
        "micro-batches of %d samples a step, so a step keeps its %d samples.",
        world_size,
        per_rank // batch_size,
        batch_size,
        samples_per_step,
    )
    return config.model_copy(
        update={"batch_size": batch_size, "gradient_accumulation": per_rank // batch_size}
    )


def _choices(samples_per_step: int) -> str:
    """The numbers of ranks that divide the samples of a step: the smallest and the largest ones."""
    numbers = [n for n in range(1, samples_per_step + 1) if samples_per_step % n == 0]
    shown = numbers if len(numbers) <= 8 else [*numbers[:4], "…", *numbers[-2:]]
    return f"{', '.join(map(str, shown[:-1]))} or {shown[-1]}" if len(shown) > 1 else str(shown[0])
