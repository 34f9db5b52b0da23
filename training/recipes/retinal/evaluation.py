"""Scores a trained classifier on a held-out split, with intervals and a clinical report."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.config import Split
from training.data.image_folder import ImageFolder
from training.errors import ConfigError, DataError
from training.evaluation.calibration import fit_temperature, measure_calibration
from training.evaluation.confusion_image import confusion_matrix_image
from training.evaluation.intervals import bootstrap_intervals
from training.evaluation.metrics import ClassifierMetrics, evaluate_predictions, logged_metrics
from training.evaluation.report import render_report
from training.evaluation.report_figures import report_document
from training.evaluation.scoring import Predictions
from training.models.backbone import build_classifier
from training.process import Process
from training.recipe import EvaluationReport, TrainedModel
from training.recipes.retinal.config import RetinalConfig, RetinalEvaluateConfig
from training.recipes.retinal.data import RetinalData, data_root, find_data, verify_data
from training.recipes.retinal.model import backbone_config
from training.recipes.retinal.prediction import InferenceTransform, predict
from training.recipes.retinal.recipe import split_dataset
from training.taxonomies.taxonomy import Modality, Taxonomy, taxonomy_from_dict

ALL_MODALITIES = "all"


def evaluate_classifier(
    trained: TrainedModel, options: RetinalEvaluateConfig, data_dir: Path, process: Process
) -> EvaluationReport:
    """Fit the temperature on val, and measure on the split of the options."""
    config = _config(trained, options)
    taxonomy = taxonomy_from_dict(trained.document["taxonomy"], origin="the run's taxonomy")
    modality = _modality(options.modality, taxonomy)
    data = _data(config, taxonomy, modality, options, data_dir, process)
    model = build_classifier(backbone_config(config, len(taxonomy.classes)))
    model.load_state_dict(dict(trained.weights))
    model.to(process.device).eval()
    transform = InferenceTransform.of(config, flip=options.tta)

    def predictions_on(split: Split) -> Predictions:
        return _predict(model, config, data, split, transform, process)

    val, measured = predictions_on(Split.VAL), predictions_on(options.split)
    temperature = fit_temperature(val.logits, val.targets)
    groups = patient_groups(data.folder.splits[options.split].paths, options.patient_pattern)
    evaluation = evaluate_predictions(measured, taxonomy)
    document = report_document(
        run={
            "name": trained.run_name,
            "id": trained.run_id,
            "recipe": str(trained.document["recipe"]),
            "best epoch": str(trained.best_epoch),
            "data": f"{data.folder.root.name} ({options.split}, {data.folder.digest})",
        },
        evaluation=evaluation,
        intervals=bootstrap_intervals(
            measured,
            taxonomy,
            num_resamples=options.num_resamples,
            seed=options.seed,
            groups=groups,
        ),
        calibration=measure_calibration(measured.logits, measured.targets, temperature=temperature),
        taxonomy=taxonomy,
        modality=modality,
        tta=options.tta,
        grouped=groups is not None,
        num_resamples=options.num_resamples,
    )
    return _scores(_variant(options), evaluation, document, taxonomy)


def patient_groups(paths: tuple[str, ...], pattern: str) -> Tensor | None:
    """Int64 [N]: the patient of each image, as an anonymous number; None without a pattern.

    Raises ConfigError if the pattern is not a regular expression with a group, or if it does not
    match every file name.
    """
    if not pattern:
        return None
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise ConfigError(
            f"patient_pattern: {pattern!r} is no regular expression: {error}"
        ) from None
    if expression.groups < 1:
        raise ConfigError(f"patient_pattern: {pattern!r} has no group; put the patient in (…).")
    numbers: dict[str, int] = {}
    groups = []
    for path in paths:
        found = expression.search(Path(path).name)
        if found is None:
            raise ConfigError(
                f"patient_pattern: {pattern!r} does not match every file name of the split."
            )
        groups.append(numbers.setdefault(found.group(1), len(numbers)))
    return torch.tensor(groups)


def _config(trained: TrainedModel, options: RetinalEvaluateConfig) -> RetinalConfig:
    """The configuration of the run, changed where the options of the evaluation differ."""
    values = dict(trained.document["config"])
    values["skip_bad_images"] = options.skip_bad_images
    if options.data:
        values["data"] = options.data
    return RetinalConfig.parse(values)


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


def _data(
    config: RetinalConfig,
    taxonomy: Taxonomy,
    modality: Modality | None,
    options: RetinalEvaluateConfig,
    data_dir: Path,
    process: Process,
) -> RetinalData:
    splits = sorted({Split.VAL, options.split})
    data = find_data(config, data_root(config, data_dir), splits)
    if data.taxonomy.classes != taxonomy.classes:
        raise DataError(
            f"The data has other classes ({', '.join(data.taxonomy.classes)}) than the run was "
            f"trained on ({', '.join(taxonomy.classes)})."
        )
    data = verify_data(replace(data, taxonomy=taxonomy), config, process)
    if modality is None:
        return data
    return replace(data, folder=_only(data.folder, taxonomy, modality))


def _only(folder: ImageFolder, taxonomy: Taxonomy, modality: Modality) -> ImageFolder:
    """The images of one modality."""
    others = {
        path
        for split in folder.splits.values()
        for path, target in zip(split.paths, split.targets, strict=True)
        if taxonomy.modalities[target] is not modality
    }
    return folder.without(others)


def _predict(
    model: nn.Module,
    config: RetinalConfig,
    data: RetinalData,
    split: Split,
    transform: InferenceTransform,
    process: Process,
) -> Predictions:
    with torch.no_grad():
        found = predict(model, split_dataset(config, data, split), transform, process)
    assert found is not None  # this process is the only one, and the split is not empty
    return found


def _variant(options: RetinalEvaluateConfig) -> str:
    """The name of the evaluation among those of its run: `test`, `test_fundus`, `test_fundus_tta`."""
    parts = [str(options.split)]
    if options.modality != ALL_MODALITIES:
        parts.append(options.modality)
    if options.tta:
        parts.append("tta")
    return "_".join(parts)


def _scores(
    variant: str, evaluation: ClassifierMetrics, document: dict[str, Any], taxonomy: Taxonomy
) -> EvaluationReport:
    folder = f"evaluation/{variant}"
    image = confusion_matrix_image(
        evaluation.confusion_matrix, taxonomy.classes, title=f"Confusion matrix, {variant}"
    )
    return EvaluationReport(
        metrics=logged_metrics(evaluation, prefix=variant),
        documents={f"{folder}/scores.json": document},
        pages={f"{folder}/clinical_report.html": render_report(document)},
        images={f"{folder}/confusion_matrix.png": image},
    )
