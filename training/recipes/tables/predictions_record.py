"""Records what a finished model predicts, of the second table or of the holdout."""

from pathlib import Path

from tracking_plugin.names import PipelineArtifact
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.pipeline_record import PipelineRecord
from training.recipes.tables.second_table import predict_second_table
from training.recipes.tables.shown_predictions import predict_holdout
from training.recipes.tables.stages.analysis import Analysis
from training.recipes.tables.stages.upload import DataUpload
from training.tables.model.row_predictor import RowPredictor


def record_predictions(
    model: RowPredictor,
    analysis: Analysis,
    config: TablesConfig,
    record: PipelineRecord,
    memory_bytes: int,
) -> None:
    """Raises TableError if the second table does not fit the model."""
    if config.test_data:
        second = DataUpload(memory_bytes).run(config, Path(config.test_data))
        record.second_table(predict_second_table(model, second))
        return
    holdout = analysis.split.holdout
    shown = predict_holdout(model, analysis.typed, holdout, holdout)
    record.store(PipelineArtifact.PREDICTIONS, shown)
