"""The steps, the learning rate and the counted images of a recipe that trains on images."""

from collections.abc import Mapping
from typing import Protocol

from torch import nn

from tracking_plugin.names import Metric
from training.data.sampling import TrainingOrder
from training.recipes.images.data import ImageData
from training.recipes.schedule import Schedule


class Order(Protocol):
    """Which images make each step."""

    @property
    def steps_per_epoch(self) -> int: ...

    @property
    def samples_per_step(self) -> int: ...


class ScheduledImages:
    """The members of `training.recipe.Recipe` that follow from the order of the images and a schedule."""

    _order: Order
    _schedule: Schedule

    @property
    def steps_per_epoch(self) -> int:
        return self._order.steps_per_epoch

    @property
    def samples_per_step(self) -> int:
        return self._order.samples_per_step

    @property
    def throughput_metric(self) -> str:
        return Metric.IMAGES_PER_SECOND

    def learning_rate(self, step: int) -> float:
        return self._schedule(step)

    @property
    def peak_learning_rate(self) -> float:
        return self._schedule.peak


class ImageRecipe(ScheduledImages):
    """The methods of `training.recipe.RecordedRecipe` that are the same for all recipes for classes and masks.

    A subclass sets `model` and the attributes below.
    """

    model: nn.Module
    _data: ImageData
    _order: TrainingOrder

    def params(self) -> Mapping[str, str]:
        return {
            "num_parameters": str(sum(p.numel() for p in self.model.parameters())),
            "skipped_images": str(len(self._data.skipped_images)),
            "left_out_copies": str(len(self._data.learnt_copies)),
            **{f"{name}_images": str(len(s)) for name, s in self._data.folder.splits.items()},
        }
