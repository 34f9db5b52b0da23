"""Makes the estimate of a distance of two samples, with the numbers that it rests on."""

from training.diffusion.quality.samples import Sample
from training.diffusion.quality.schema import Estimate


def estimate(
    first: Sample,
    second: Sample,
    *,
    value: float | None = None,
    interval: tuple[float, float] | None = None,
    reason: str = "",
) -> Estimate:
    """The estimate, with the images and the patients of both samples."""
    return Estimate(
        value=value,
        interval=interval,
        num_images=(first.num_images, second.num_images),
        num_patients=(first.num_patients, second.num_patients),
        reason=reason,
    )
