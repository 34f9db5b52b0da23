"""The command `tstr`: trains on synthetic images, tests on real ones, and compares with real on real.

Esteban et al. 2017, Real-valued (medical) time series generation with recurrent conditional GANs,
ask this of generated data: what can be learnt from it.
"""

from collections.abc import Mapping
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.utils.time import get_current_time_millis

from tracking_plugin.data_roots import DataRoots
from training.config import Split
from training.diffusion.quality.tstr_config import TstrConfig
from training.diffusion.quality.tstr_data import TrainingImages, TstrData, find_tstr_data
from training.diffusion.quality.tstr_scores import (
    SCORES_ARTIFACT,
    Arm,
    TstrScores,
    compare_classifiers,
    recall_by_class,
)
from training.diffusion.quality.tstr_training import epochs_for, train_and_predict
from training.evaluation.scoring import Predictions
from training.process import Process, current_process, decide_gpu
from training.recording.evaluation_job import evaluation_job
from training.recording.experiment import choose_experiment
from training.recording.mlflow_names import require_names
from training.recording.retry import retry_until_accepted
from training.recording.run_record import RunRecord, create_run, mark_training, resume_run
from training.recording.tracking_server import open_tracking_server
from training.settings import TrainingSettings

RECORD_TIMEOUT_S = 300.0


def train_on_synthetic(given: Mapping[str, Any], settings: TrainingSettings) -> TstrScores | None:
    """Train both classifiers and record the scores in a run; None if the server stops the run.

    Raises TrainingError if a setting is wrong or the data does not fit; the run is then FAILED.
    """
    config = TstrConfig.parse(dict(given))
    config.require_complete(DataRoots(settings.data_roots))
    require_names(
        register_as="none",
        experiment_name=config.experiment_name,
        run_name=config.run_name or "none",
    )
    process = current_process(use_gpu=decide_gpu(config.gpus))
    tracking_uri = open_tracking_server()
    record = _open_run(config, settings, tracking_uri)
    scores = None
    with evaluation_job(record.run_id, tracking_uri, settings):
        mark_training(tracking_uri, record.run_id)
        print(f"Run: {record.link}", flush=True)
        scores = compare_training_sets(config, find_tstr_data(config, process), process)
        found = scores
        client = MlflowClient(tracking_uri)
        retry_until_accepted(
            lambda: _record(client, record.run_id, config, found),
            "record the scores",
            RECORD_TIMEOUT_S,
        )
        print("\n".join(found.lines()), flush=True)
    return scores


def compare_training_sets(config: TstrConfig, data: TstrData, process: Process) -> TstrScores:
    """Train one classifier on each set, and score both on the real test images."""
    settings = config.classifier()
    real, real_steps = train_and_predict(settings, data.real.data, data.test, process)
    num_epochs = epochs_for(real_steps, data.synthetic.num_images, config.batch_size)
    as_long = settings.model_copy(update={"epochs": num_epochs})
    synthetic, steps = train_and_predict(as_long, data.synthetic.data, data.test, process)
    images = data.test.folder.splits[Split.TEST]
    groups = data.test_patients
    taxonomy = data.test.taxonomy
    metrics, conclusion = compare_classifiers(
        synthetic,
        real,
        groups=groups,
        num_resamples=config.num_resamples,
        seed=config.seed,
    )

    def arm(trained: TrainingImages, predictions: Predictions, num_steps: int) -> Arm:
        return Arm(
            num_images=trained.num_images,
            num_copies=trained.num_copies,
            steps=num_steps,
            recall=recall_by_class(predictions, taxonomy),
        )

    return TstrScores(
        synthetic=arm(data.synthetic, synthetic, steps),
        real=arm(data.real, real, real_steps),
        num_test_images=len(images),
        num_test_patients=None if groups is None else int(groups.max()) + 1,
        num_of_test_patients=data.num_of_test_patients,
        classes=taxonomy.classes,
        metrics=metrics,
        conclusion=conclusion,
    )


def _open_run(config: TstrConfig, settings: TrainingSettings, tracking_uri: str) -> RunRecord:
    if run_id := config.run_id or settings.run_id:
        return resume_run(tracking_uri, run_id)
    experiment = choose_experiment(
        name=config.experiment_name,
        is_named="experiment_name" in config.model_fields_set,
        name_in_environment=settings.experiment_name,
        id_in_environment=settings.experiment_id,
    )
    return create_run(tracking_uri, experiment, config.run_name)


def _record(client: MlflowClient, run_id: str, config: TstrConfig, scores: TstrScores) -> None:
    now_ms = get_current_time_millis()
    metrics = [Metric(name, value, now_ms, 0) for name, value in scores.logged().items()]
    settings = config.model_dump(mode="json", exclude={"experiment_name", "run_name", "run_id"})
    params = [Param(name, str(value)) for name, value in settings.items()]
    client.log_batch(run_id, metrics=metrics, params=params)
    client.log_dict(run_id, scores.model_dump(mode="json"), SCORES_ARTIFACT)
