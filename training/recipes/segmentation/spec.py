"""The segmentation recipe in the registry: how it is configured, checked, built on a rank and evaluated.

Slow imports happen where they are used: the driver of a cluster's job only configures.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from training.config import EvaluateConfig, FrozenConfig, LoopConfig, Split
from training.data.scan_report import show_scan
from training.process import Process
from training.recipe import EvaluationReport, RecordedRecipe, TrainedModel
from training.recipes.images.data import data_root, data_root_on_rank
from training.recipes.segmentation.config import (
    SegmentationConfig,
    SegmentationEvaluateConfig,
    segmentation_config,
)
from training.recipes.segmentation.data import find_data, verify_data

TRAINING_SPLITS = (Split.TRAIN, Split.VAL)


class SegmentationSpec:
    """Implements `training.recipe.LoopSpec`."""

    @property
    def config_class(self) -> type[LoopConfig]:
        return SegmentationConfig

    @property
    def evaluate_class(self) -> type[EvaluateConfig]:
        return SegmentationEvaluateConfig

    def configure(self, given: Mapping[str, Any], *, has_gpu: bool) -> SegmentationConfig:
        return segmentation_config(dict(given), has_gpu=has_gpu)

    def check(self, config: FrozenConfig, data_dir: Path) -> None:
        segmentation = cast(SegmentationConfig, config)
        data = find_data(data_root(segmentation.data, data_dir), TRAINING_SPLITS)
        _check_network(segmentation, len(data.mask_classes), world_size=1)
        if segmentation.weights:
            _check_weights(segmentation, len(data.mask_classes))

    def evaluate(
        self, trained: TrainedModel, options: EvaluateConfig, data_dir: Path, process: Process
    ) -> EvaluationReport:
        from training.recipes.segmentation.evaluation import evaluate_segmenter  # noqa: PLC0415

        segmentation = cast(SegmentationEvaluateConfig, options)
        return evaluate_segmenter(trained, segmentation, data_dir, process)

    def build(
        self, config: LoopConfig, data_dir: Path, process: Process, *, has_checkpoint: bool = False
    ) -> RecordedRecipe:
        from training.recipes.segmentation.data_description import (  # noqa: PLC0415
            data_report,
            mask_lines,
        )
        from training.recipes.segmentation.recipe import SegmentationRecipe  # noqa: PLC0415

        segmentation = cast(SegmentationConfig, config)
        data = find_data(data_root_on_rank(segmentation.data, data_dir, process), TRAINING_SPLITS)
        # Reading every image can take long, so what is quickly found comes first.
        _check_network(segmentation, len(data.mask_classes), world_size=process.world_size)
        verified = verify_data(data, segmentation, process)
        if process.is_main:
            show_scan(data_report(verified))
            print("\n".join(mask_lines(verified)), flush=True)
        return SegmentationRecipe(segmentation, verified, process, has_checkpoint=has_checkpoint)


def _check_weights(config: SegmentationConfig, num_classes: int) -> None:
    from training.recipes.segmentation.encoder_weights import (  # noqa: PLC0415
        read_encoder_weights,
    )
    from training.recipes.segmentation.recipe import network_of  # noqa: PLC0415

    read_encoder_weights(network_of(config, num_classes), Path(config.weights))


def _check_network(config: SegmentationConfig, num_classes: int, *, world_size: int) -> None:
    from training.recipes.segmentation.network import check_network  # noqa: PLC0415
    from training.recipes.segmentation.recipe import network_of  # noqa: PLC0415

    check_network(
        network_of(config, num_classes),
        image_size=config.image_size,
        num_samples=config.batch_size * world_size,
    )
