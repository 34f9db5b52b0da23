"""Estimates the maximum mean discrepancy of two sets of images without bias, with its interval."""

from training.diffusion.quality.estimates import estimate
from training.diffusion.quality.jackknife import jackknife_interval, reason_against
from training.diffusion.quality.kernels import Kernel, cross_sums, within_sums
from training.diffusion.quality.samples import Array, Sample
from training.diffusion.quality.schema import Estimate


def discrepancy(first: Sample, second: Sample, kernel: Kernel, *, scale: float = 1.0) -> Estimate:
    """MMD² as a U-statistic (Gretton et al. 2012, A kernel two-sample test), times `scale`.

    Pairs of one patient are left out: their images are alike, which would make the distance of any
    two sets of patients too large. It can be negative, because it is unbiased. The interval leaves
    out one patient at a time (see `jackknife`).
    """
    if min(first.num_patients, second.num_patients) < 2:
        reason = (
            "Unknown: at least 2 independent patients or images of each set are needed, and there "
            f"are {first.num_patients} and {second.num_patients}."
        )
        return estimate(first, second, reason=reason)
    within = within_sums(first, kernel), within_sums(second, kernel)
    cross = cross_sums(first, second, kernel)
    samples = first, second
    means = [sums.sum() / _num_pairs(sample) for sums, sample in zip(within, samples, strict=True)]
    total = float(cross[0].sum())
    value = float(means[0] + means[1] - 2 * total / (first.num_images * second.num_images))
    if reason := reason_against(first.num_patients, second.num_patients):
        return estimate(first, second, value=scale * value, reason=reason)
    left_out = [
        _without_each(sample, within[place], cross[place], other, means[1 - place], total)
        for place, (sample, other) in enumerate([(first, second), (second, first)])
    ]
    low, high = jackknife_interval(value, left_out)
    return estimate(first, second, value=scale * value, interval=(scale * low, scale * high))


def _num_pairs(sample: Sample) -> float:
    """Ordered pairs of images of different patients."""
    return float(sample.num_images**2 - (sample.sizes**2).sum())


def _without_each(
    sample: Sample, within: Array, cross: Array, other: Sample, mean_of_other: float, total: float
) -> Array:
    """The estimate without each patient of `sample`."""
    left = sample.num_images - sample.sizes
    pairs = _num_pairs(sample) - 2.0 * sample.sizes * left
    values: Array = (
        (within.sum() - 2 * within) / pairs
        + mean_of_other
        - 2 * (total - cross) / (left * float(other.num_images))
    )
    return values
