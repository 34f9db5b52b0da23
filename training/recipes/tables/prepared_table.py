"""Runs the stages before a model is trained, which are the same for every engine."""

from dataclasses import dataclass
from pathlib import Path

from tracking_plugin.names import PipelineArtifact, PipelineStage
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.pipeline_record import PipelineRecord
from training.recipes.tables.second_table import require_test_columns
from training.recipes.tables.stages.analysis import Analysis, DataAnalysis
from training.recipes.tables.stages.features import EncodedTable, FeatureEngineering
from training.recipes.tables.stages.processing import ChosenColumns, DataProcessing
from training.recipes.tables.stages.upload import DataUpload


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedTable:
    """A table in memory whose rows are divided and encoded."""

    analysis: Analysis
    columns: ChosenColumns
    encoded: EncodedTable


def prepare_table(config: TablesConfig, record: PipelineRecord, memory_bytes: int) -> PreparedTable:
    """Raises TrainingError if a stage fails; StoppedError if the run is to stop."""
    path = Path(config.data)
    read = DataUpload(memory_bytes).run(config, path)
    record.begin(path, read, num_rows=read.table.num_rows)

    record.enter(PipelineStage.DATA_ANALYSIS)
    analysis = DataAnalysis().run(config, read)
    record.understood(analysis)
    record.say_all([note.text for note in analysis.split.notes])
    record.store(PipelineArtifact.ANALYSIS, analysis.document())
    record.leaks(analysis.leaks)

    record.enter(PipelineStage.DATA_PROCESSING)
    columns = DataProcessing().run(analysis)
    record.store(PipelineArtifact.PROCESSING, columns.document())

    record.enter(PipelineStage.FEATURE_ENGINEERING)
    encoded = FeatureEngineering().run(analysis, columns, seed=config.seed)
    record.store(PipelineArtifact.FEATURES, encoded.document())
    require_test_columns(config, encoded.encoder.input_columns, memory_bytes)
    return PreparedTable(analysis=analysis, columns=columns, encoded=encoded)
