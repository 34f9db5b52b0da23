"""Scores a trained segmentation model on a held-out split, with bootstrap intervals over images."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from training.config import Split
from training.process import Process
from training.recipe import EvaluationReport, TrainedModel
from training.recipes.images.data import data_root, is_own_root
from training.recipes.images.evaluation_names import ALL_MODALITIES, foreign_name, variant
from training.recipes.images.patients import patient_groups
from training.recipes.images.seen_images import SeenImages, count_seen, warn_about_seen
from training.recipes.segmentation.config import SegmentationConfig, SegmentationEvaluateConfig
from training.recipes.segmentation.data import (
    SegmentationData,
    find_data,
    require_classes,
    verify_data,
)
from training.recipes.segmentation.data_description import content_digest
from training.recipes.segmentation.network import build_network
from training.recipes.segmentation.prediction import OriginalMasks, measure_overlap
from training.recipes.segmentation.recipe import inference_of, masked_dataset, network_of
from training.recipes.segmentation.report import render_report, report_document
from training.recipes.segmentation.scoring import (
    Overlap,
    evaluate_overlap,
    logged_metrics,
    overlap_intervals,
)


def evaluate_segmenter(
    trained: TrainedModel, options: SegmentationEvaluateConfig, data_dir: Path, process: Process
) -> EvaluationReport:
    """Measure on the split of the options, in the pixels of the masks' own sizes."""
    config = SegmentationConfig.parse(dict(trained.document["config"]))
    classes = tuple(trained.document["mask_classes"])
    root = data_root(options.data or config.data, data_dir)
    found = find_data(root, [options.split])
    require_classes(found, classes)
    data = verify_data(found, options, process)
    overlap = _measured(_network(trained, config, classes, process), config, options, data, process)
    metrics = evaluate_overlap(overlap, classes)
    is_own = is_own_root(root, config.data, data_dir)
    foreign = "" if is_own else foreign_name(root, content_digest(data))
    name = variant(options.split, foreign, ALL_MODALITIES, tta=False)
    seen = count_seen(data.images, trained)
    is_held_out = bool(foreign) or options.split is Split.TEST
    if is_held_out:
        warn_about_seen(seen, metrics.num_images)
    groups = patient_groups(data.folder.splits[options.split].paths, options.patient_pattern)
    document = report_document(
        metrics,
        overlap_intervals(
            overlap,
            classes,
            num_resamples=options.num_resamples,
            seed=options.seed,
            groups=groups,
        ),
        run=_run_facts(trained, options, data, foreign),
        methods={
            "grouped": groups is not None,
            "held_out": is_held_out,
            "num_resamples": options.num_resamples,
            "confidence": 0.95,
        },
        left_out={
            "unreadable": len(data.skipped_images),
            "without_mask": len(data.without_mask),
        },
        seen=None
        if seen is None
        else {"trained_on": seen.trained_on, "chosen_with": seen.chosen_with},
    )
    folder = f"evaluation/{name}"
    return EvaluationReport(
        metrics={**logged_metrics(metrics, prefix=name), **_counts(name, data, seen)},
        documents={f"{folder}/scores.json": document},
        pages={f"{folder}/clinical_report.html": render_report(document)},
        images={},
    )


def _network(
    trained: TrainedModel, config: SegmentationConfig, classes: tuple[str, ...], process: Process
) -> nn.Module:
    network = build_network(network_of(config, len(classes)), seed=config.seed)
    network.load_state_dict(dict(trained.weights))
    return network.to(process.device).eval()


def _measured(
    network: nn.Module,
    config: SegmentationConfig,
    options: SegmentationEvaluateConfig,
    data: SegmentationData,
    process: Process,
) -> Overlap:
    paths = data.folder.splits[options.split].paths
    with torch.no_grad():
        overlap = measure_overlap(
            network,
            masked_dataset(config, data, options.split),
            inference_of(config),
            process,
            originals=OriginalMasks(root=data.folder.root, paths=paths),
        )
    assert overlap is not None  # this process is the only one, and the split is not empty
    return overlap


def _run_facts(
    trained: TrainedModel,
    options: SegmentationEvaluateConfig,
    data: SegmentationData,
    foreign: str,
) -> dict[str, str]:
    return {
        "name": trained.run_name,
        "id": trained.run_id,
        "recipe": str(trained.document["recipe"]),
        "best epoch": str(trained.best_epoch),
        "data": f"{foreign or data.folder.root.name} ({options.split}, {content_digest(data)})",
    }


def _counts(name: str, data: SegmentationData, seen: SeenImages | None) -> dict[str, Any]:
    counts = {
        f"{name}/skipped_images": float(len(data.skipped_images)),
        f"{name}/images_without_mask": float(len(data.without_mask)),
    }
    if seen is not None:
        counts[f"{name}/images_trained_on"] = float(seen.trained_on)
    return counts
