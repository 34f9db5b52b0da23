"""The steps, the learning rate and the counted images of a recipe that trains on images."""

from collections.abc import Mapping

from torch import nn

from tracking_plugin.names import Metric
from training.data.sampling import TrainingOrder
from training.recipes.images.data import ImageData
from training.recipes.schedule import WarmupCosine


class ImageRecipe:
    """The methods of `training.recipe.RecordedRecipe` that are the same for all recipes for images.

    A subclass sets `model` and the attributes below.
    """

    model: nn.Module
    _data: ImageData
    _order: TrainingOrder
    _schedule: WarmupCosine

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

    def params(self) -> Mapping[str, str]:
        return {
            "num_parameters": str(sum(p.numel() for p in self.model.parameters())),
            "skipped_images": str(len(self._data.skipped_images)),
            "left_out_copies": str(len(self._data.learnt_copies)),
            **{f"{name}_images": str(len(s)) for name, s in self._data.folder.splits.items()},
        }
