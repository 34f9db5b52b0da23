"""The recipe `tables` in the registry."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracking_plugin.registered_name import EXPECTED, registered_name
from training.config import FrozenConfig
from training.errors import ConfigError
from training.job import TrainingJob
from training.recipe_spec import TrainingSession
from training.recipes.tables.config import EngineName, TablesConfig
from training.recipes.tables.engine_pipeline import EnginePipeline
from training.recipes.tables.finetuning.pipeline import FinetuningPipeline
from training.recipes.tables.large.pipeline import LargeTablePipeline
from training.recipes.tables.pipeline import TablePipeline
from training.recipes.tables.pipeline_record import PipelineRecord, StoppedError
from training.recipes.tables.pretrained import PretrainedPipeline
from training.recording.mlflow_names import require_alias
from training.settings import TrainingSettings
from training.tables.file_type import detect_file_type
from training.tables.large.source import needs_streaming
from training.tables.learners.registry import LEARNERS
from training.tables.selection.autogluon_engine import AutoGluonEngine
from training.tables.selection.engine import Engine
from training.tables.selection.tabicl_engine import TabICLEngine


class TablesSpec:
    """Implements `training.recipe_spec.ProgramSpec`: from an uploaded table to a registered model."""

    @property
    def config_class(self) -> type[TablesConfig]:
        return TablesConfig

    def configure(self, given: Mapping[str, Any], *, has_gpu: bool) -> TablesConfig:
        config = TablesConfig.parse(dict(given))
        if not config.data:
            raise ConfigError("data: name the file with the table.")
        if config.finetune or config.finetuned_alias:
            _check_finetuning(config)
        else:
            _check_learners(config)
        return config

    def check(self, config: FrozenConfig, data_dir: Path) -> None:
        """Raises TableError if a file is absent or of a type that is not read."""
        checked = TablesConfig.parse(config.model_dump())
        for path in filter(None, (checked.data, checked.test_data)):
            detect_file_type(Path(path))

    def run(self, job: TrainingJob, session: TrainingSession) -> None:
        config = TablesConfig.parse(dict(job.config))
        record = PipelineRecord(job, session)
        try:
            _pipeline(config, record, TrainingSettings()).run()
        except StoppedError:
            record.progress.say("Stopped before there was a model.")


def _pipeline(
    config: TablesConfig, record: PipelineRecord, settings: TrainingSettings
) -> TablePipeline | LargeTablePipeline | PretrainedPipeline | FinetuningPipeline | EnginePipeline:
    memory_bytes = settings.table_memory_bytes
    if config.finetune:
        return FinetuningPipeline(config, record, memory_bytes)
    if config.pretrained:
        return PretrainedPipeline(config, record, memory_bytes)
    if needs_streaming(Path(config.data), memory_bytes):
        return LargeTablePipeline(config, record, memory_bytes)
    engine = _engine(config.engine, settings)
    if engine is not None:
        return EnginePipeline(config, record, memory_bytes, engine)
    return TablePipeline(config, record, memory_bytes)


_NOT_WITH_FINETUNE = ("pretrained", "learners", "overrides", "engine", "trials")
"""The model that is fine-tuned says what is trained, and on which columns."""


def _check_finetuning(config: TablesConfig) -> None:
    if not config.finetune:
        raise ConfigError("finetuned_alias: it is for a fine-tuning; name the model by finetune.")
    if registered_name(config.finetune) is None:
        raise ConfigError(f"finetune: expected {EXPECTED}, but {config.finetune[:64]!r} came.")
    default = TablesConfig.parse({})
    given = [it for it in _NOT_WITH_FINETUNE if getattr(config, it) != getattr(default, it)]
    if given:
        raise ConfigError(
            f"{given[0]}: it does not go with finetune, because the model settles it. Leave it out."
        )
    if config.finetuned_alias:
        require_alias("finetuned_alias", config.finetuned_alias)


def _engine(name: EngineName, settings: TrainingSettings) -> Engine | None:
    match name:
        case EngineName.AUTOGLUON:
            return AutoGluonEngine(settings.autogluon_python)
        case EngineName.TABICL:
            return TabICLEngine(settings.tabicl_python, settings.tabicl_checkpoint)
        case EngineName.BUILTIN:
            return None


def _check_learners(config: TablesConfig) -> None:
    unknown = [name for name in config.learners if name not in LEARNERS]
    if unknown:
        raise ConfigError(
            f"learners: there is no {unknown[0][:64]!r}; choose from {', '.join(LEARNERS)}."
        )
    if not config.hyperparameters:
        return
    if len(config.learners) != 1:
        raise ConfigError(
            "hyperparameters: they are those of one learner; name it, as in learners=catboost."
        )
    LEARNERS[config.learners[0]].check(config.hyperparameters)
