"""Some of the images of a data set, to compare drawn ones with."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.diffusion.data.scan import TrainingImage
from training.diffusion.data.views import pixels_of, plain_view
from training.diffusion.quality.features import Picture
from training.recipes.diffusion.data import DiffusionData


class RealImages(Sequence[Picture]):
    """Images as they are learned, uint8 [H, W, 3]; each is read when it is asked for."""

    def __init__(self, data: DiffusionData, numbers: Sequence[int]) -> None:
        """`numbers` are those of the images in the scan of `data`."""
        self._scan = data.scan
        self._numbers = numbers
        self.patients: NDArray[np.int64] | None = None
        """The patient of each image; None if they are not known."""
        if data.patients is not None:
            self.patients = np.array([data.patients[each] for each in numbers], dtype=np.int64)

    @classmethod
    def learned(cls, data: DiffusionData) -> "RealImages":
        return cls(data, data.train)

    @classmethod
    def held_out(cls, data: DiffusionData) -> "RealImages":
        return cls(data, data.held_out)

    @property
    def facts(self) -> list[TrainingImage]:
        return [self._scan.images[number] for number in self._numbers]

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, place: int) -> Picture:  # type: ignore[override]
        image = self._scan.images[self._numbers[place]]
        [pixels] = pixels_of(self._scan.root, [plain_view(image)])
        levels = ((pixels + 1) * 127.5).round().clamp(0, 255).byte()
        return np.ascontiguousarray(levels.permute(1, 2, 0).numpy())
