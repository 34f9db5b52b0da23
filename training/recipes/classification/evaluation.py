"""Scores a trained classifier on a held-out split, with intervals and a clinical report."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from training.config import Split
from training.errors import ConfigError, DataError
from training.evaluation.calibration import fit_temperature, measure_calibration
from training.evaluation.confusion_image import confusion_matrix_image
from training.evaluation.evidence_check import check_evidence, checked_metrics, stored_evidence
from training.evaluation.intervals import Resampling, bootstrap_intervals
from training.evaluation.metrics import ClassifierMetrics, evaluate_predictions, logged_metrics
from training.evaluation.report import render_report
from training.evaluation.report_figures import report_document
from training.evaluation.scoring import Predictions
from training.evidence.schema import EVIDENCE_ARTIFACT
from training.models.backbone import build_classifier
from training.process import Process
from training.recipe import EvaluationReport, TrainedModel
from training.recipes.classification.config import ClassifierConfig, ClassifierEvaluateConfig
from training.recipes.classification.data import ClassifierData
from training.recipes.classification.evaluated_data import (
    ReadSplit,
    calibration_data,
    num_skipped,
    read_split,
    scored_data,
)
from training.recipes.classification.model import backbone_config
from training.recipes.classification.prediction import InferenceTransform, predict
from training.recipes.classification.recipe import OpenSplit, split_dataset
from training.recipes.images.evaluation_names import ALL_MODALITIES, variant
from training.recipes.images.patients import patient_groups
from training.recipes.images.seen_images import count_seen, warn_about_seen
from training.taxonomies.taxonomy import Modality, Taxonomy, taxonomy_from_dict

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ScoredImages:
    """How the images of a recipe are read, which may change them before the network sees them."""

    config_class: type[ClassifierConfig]
    read: ReadSplit = read_split
    open_split: OpenSplit = split_dataset


def evaluate_classifier(
    trained: TrainedModel,
    options: ClassifierEvaluateConfig,
    data_dir: Path,
    process: Process,
    images: ScoredImages,
) -> EvaluationReport:
    """Measure on the split of the options, with the temperature that fits the run's own val."""
    config = _config(trained, options, images.config_class)
    taxonomy = taxonomy_from_dict(trained.document["taxonomy"], origin="the run's taxonomy")
    modality = _modality(options.modality, taxonomy)
    scored = scored_data(config, options, taxonomy, modality, data_dir, process, images.read)
    groups = patient_groups(scored.folder.splits[scored.split].paths, options.patient_pattern)
    model = build_classifier(backbone_config(config, len(taxonomy.classes)))
    model.load_state_dict(dict(trained.weights))
    model.to(process.device).eval()
    transform = InferenceTransform.of(config, flip=options.tta)

    def predictions_on(data: ClassifierData, split: Split) -> Predictions:
        dataset = images.open_split(config, data, split)
        with torch.no_grad():
            found = predict(model, dataset, transform, process)
        assert found is not None  # this process is the only one, and the split is not empty
        return found

    temperature = None
    try:
        val_data = calibration_data(config, taxonomy, modality, data_dir, process, images.read)
    except DataError as error:
        logger.warning("The calibration is only measured as the model was trained: %s", error)
    else:
        val = predictions_on(val_data, Split.VAL)
        temperature = fit_temperature(val.logits, val.targets)
    measured = predictions_on(scored.data, scored.split)
    evaluation = evaluate_predictions(measured, taxonomy)
    # The evidence is about the model as it is served, which sees each image once.
    evidence = None if options.tta else stored_evidence(trained.read_json(EVIDENCE_ARTIFACT))
    resampling: Resampling = {
        "num_resamples": options.num_resamples,
        "seed": options.seed,
        "groups": groups,
    }
    checked = (
        None if evidence is None else check_evidence(measured, evidence, taxonomy, **resampling)
    )
    skipped = num_skipped(scored, modality)
    seen = count_seen(scored.data.images, trained)
    if scored.is_held_out:
        warn_about_seen(seen, evaluation.num_samples)
    set_name = scored.foreign_name or scored.folder.root.name
    document = report_document(
        run={
            "name": trained.run_name,
            "id": trained.run_id,
            "recipe": str(trained.document["recipe"]),
            "best epoch": str(trained.best_epoch),
            "data": f"{set_name} ({scored.split}, {scored.digest})",
        },
        evaluation=evaluation,
        intervals=bootstrap_intervals(measured, taxonomy, **resampling),
        calibration=measure_calibration(measured.logits, measured.targets, temperature=temperature),
        taxonomy=taxonomy,
        modality=modality,
        tta=options.tta,
        grouped=groups is not None,
        num_resamples=options.num_resamples,
        held_out=scored.is_held_out,
        skipped_images=skipped,
        trained_on=None if seen is None else seen.trained_on,
        chosen_with=None if seen is None else seen.chosen_with,
        evidence=checked,
    )
    name = variant(scored.split, scored.foreign_name, options.modality, tta=options.tta)
    counts = {f"{name}/skipped_images": float(skipped)}
    if seen is not None:
        counts[f"{name}/images_trained_on"] = float(seen.trained_on)
    if checked is not None:
        counts |= {f"{name}/{key}": value for key, value in checked_metrics(checked).items()}
    return _scores(name, evaluation, document, taxonomy, counts)


def _config(
    trained: TrainedModel, options: ClassifierEvaluateConfig, config_class: type[ClassifierConfig]
) -> ClassifierConfig:
    """The configuration of the run, with bad images treated as the evaluation treats them."""
    values = dict(trained.document["config"])
    return config_class.parse({**values, "skip_bad_images": options.skip_bad_images})


def _modality(name: str, taxonomy: Taxonomy) -> Modality | None:
    if name == ALL_MODALITIES:
        return None
    present = sorted({str(modality) for modality in taxonomy.modalities})
    if name not in present:
        raise ConfigError(
            f"modality: {name!r} is not among the run's, which are {', '.join(present)} "
            f"(or '{ALL_MODALITIES}')."
        )
    return Modality(name)


def _scores(
    name: str,
    evaluation: ClassifierMetrics,
    document: dict[str, Any],
    taxonomy: Taxonomy,
    counts: Mapping[str, float],
) -> EvaluationReport:
    folder = f"evaluation/{name}"
    image = confusion_matrix_image(
        evaluation.confusion_matrix, taxonomy.classes, title=f"Confusion matrix, {name}"
    )
    return EvaluationReport(
        metrics={**logged_metrics(evaluation, prefix=name), **counts},
        documents={f"{folder}/scores.json": document},
        pages={f"{folder}/clinical_report.html": render_report(document)},
        images={f"{folder}/confusion_matrix.png": image},
    )
