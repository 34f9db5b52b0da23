"""The command `evaluate`: scores the best model of a finished run and records the scores there."""

from collections.abc import Mapping
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.utils.time import get_current_time_millis
from PIL import Image

from tracking_plugin.data_roots import DataRoots
from training.config import EvaluateConfig
from training.errors import ConfigError
from training.process import current_process, decide_gpu
from training.recipe import EvaluationReport, LoopSpec, TrainedModel, require_loop
from training.recipes.registry import RECIPES, recipe_spec
from training.recording.evaluation_job import evaluation_job
from training.recording.retry import retry_until_accepted
from training.recording.run_record import RunRecord, find_run
from training.recording.tracking_server import open_tracking_server
from training.settings import TrainingSettings
from training.tracking.records import MAX_METRICS
from training.trained_run import best_model, run_document

RECORD_TIMEOUT_S = 300.0


def evaluate(given: Mapping[str, Any], settings: TrainingSettings) -> None:
    """Score the best model of a run with the options in `given`.

    Raises TrainingError if the run has no best model, an option is wrong or the data does not fit.
    """
    options = EvaluateConfig.parse(
        {name: given[name] for name in EvaluateConfig.model_fields if name in given}
    )
    if not options.run_id:
        raise ConfigError("run_id: name the MLflow run whose best model is to be scored.")
    tracking_uri = open_tracking_server()
    with evaluation_job(options.job_run_id, tracking_uri, settings) as job:
        run = find_run(tracking_uri, options.run_id)
        record = RunRecord(tracking_uri, run)
        document = run_document(record, settings)
        spec = require_loop(recipe_spec(str(document["recipe"])))
        recipe_options = spec.evaluate_class.parse(dict(given))
        recipe_options.require_paths_in(DataRoots(settings.data_roots))
        process = current_process(use_gpu=decide_gpu(options.gpus))
        trained = best_model(run, record, document, settings)
        job.begin(record)
        report = spec.evaluate(trained, recipe_options, settings.data_dir.resolve(), process)
        client = MlflowClient(tracking_uri)
        retry_until_accepted(
            lambda: _record(client, trained, report), "record the scores", RECORD_TIMEOUT_S
        )
        job.link_reports(record, list(report.pages))
        _print_report(record, report)


def evaluate_classes() -> dict[str, type[EvaluateConfig]]:
    """The options of `evaluate` for each recipe that can be evaluated, by the recipe's name."""
    specs = {name: recipe_spec(name) for name in RECIPES}
    return {name: spec.evaluate_class for name, spec in specs.items() if isinstance(spec, LoopSpec)}


def _record(client: MlflowClient, trained: TrainedModel, report: EvaluationReport) -> None:
    now_ms = get_current_time_millis()
    metrics = [
        Metric(name, value, now_ms, trained.best_step) for name, value in report.metrics.items()
    ]
    for start in range(0, len(metrics), MAX_METRICS):
        client.log_batch(trained.run_id, metrics=metrics[start : start + MAX_METRICS])
    for path, document in report.documents.items():
        client.log_dict(trained.run_id, document, path)
    for path, page in report.pages.items():
        client.log_text(trained.run_id, page, path)
    for path, image in report.images.items():
        client.log_image(trained.run_id, Image.fromarray(image), artifact_file=path)


def _print_report(record: RunRecord, report: EvaluationReport) -> None:
    width = max(len(name) for name in report.metrics)
    for name, value in report.metrics.items():
        print(f"{name:<{width}}  {value:.4f}".rstrip("0").rstrip("."))
    for path in report.pages:
        print(f"Report: {record.artifact_link(path)}")
