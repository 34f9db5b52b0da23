"""The loss of a denoiser's predictions."""

from torch import Tensor
from torch.nn.functional import interpolate

LEAST_SHARE = 1e-6


def diffusion_loss(
    prediction: Tensor, target: Tensor, weights: Tensor, mask: Tensor | None
) -> Tensor:
    """The weighted mean squared error of each sample [B] in float32.

    `prediction` and `target` are [B, C, h, w], `weights` [B]. A `mask` [B, 1, H, W] from 0 to 1 of any
    size is brought to that of the latents by area; each sample's error is then the mean over its mask,
    so that the size of the masked area does not change it. Where a mask is empty the loss is 0.
    """
    error = (prediction.float() - target.float()).square()
    if mask is None:
        means = error.flatten(1).mean(dim=1)
    else:
        cells = interpolate(mask.to(error), size=error.shape[-2:], mode="area")
        share = cells.flatten(1).mean(dim=1).clamp(min=LEAST_SHARE)
        means = (error * cells).flatten(1).mean(dim=1) / share
    return means * weights.to(means)
