"""Stage 1 of a large table: reads all of it once, and keeps a sample of its rows."""

from pathlib import Path

from training.recipes.tables.config import EngineName, TablesConfig
from training.tables.errors import TableError
from training.tables.large.memory_plan import MemoryPlan
from training.tables.large.sample import TableSample, draw_sample
from training.tables.large.settings import LargeSettings
from training.tables.large.source import open_source
from training.tables.learners.xgboost_learner import XGBoostLearner


class LargeUpload:
    def run(
        self, config: TablesConfig, path: Path, folder: Path, settings: LargeSettings
    ) -> TableSample:
        """The sample, whose source may be a copy in `folder`.

        Raises TableError, also for a setting that only smaller tables can follow.
        """
        _require_possible(config)
        return draw_sample(
            open_source(path),
            folder,
            max_rows=settings.max_sample_rows,
            max_bytes=MemoryPlan(settings.memory_bytes).sample_bytes,
            seed=config.seed,
        )


def _require_possible(config: TablesConfig) -> None:
    refused = {
        "date: the rows are not divided by time": bool(config.date),
        f"learners: only {XGBoostLearner.name} can be trained": bool(config.learners)
        and XGBoostLearner.name not in config.learners,
        f"engine: {config.engine} cannot be used": config.engine is not EngineName.BUILTIN,
    }
    for sentence, is_asked in refused.items():
        if is_asked:
            raise TableError(
                f"{sentence} for a table that needs more memory than FOVEA_TABLE_MEMORY_BYTES. "
                "Raise it, give fewer rows, or leave the setting out."
            )
