"""A segmentation recipe of a few milliseconds a step."""

from pathlib import Path
from typing import Any

from tests.training.ranks import lone_process
from training.config import Split
from training.process import Process
from training.recipes.segmentation.config import segmentation_config
from training.recipes.segmentation.data import find_data, verify_data
from training.recipes.segmentation.recipe import SegmentationRecipe

TINY = {
    "preset": "small",
    "encoder": "test_resnet",
    "decoder_width": 16,
    "image_size": 32,
    "batch_size": 4,
}


def tiny_recipe(root: Path, process: Process | None = None, **settings: Any) -> SegmentationRecipe:
    process = process or lone_process()
    config = segmentation_config({**TINY, **settings, "data": str(root)}, has_gpu=False)
    data = verify_data(find_data(root, (Split.TRAIN, Split.VAL)), config, process)
    return SegmentationRecipe(config, data, process)
