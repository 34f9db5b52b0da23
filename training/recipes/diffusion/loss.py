"""What a trained part predicts for a micro-batch, and how wrong it is."""

from dataclasses import dataclass

from torch import Tensor

from training.diffusion.families.family import Family
from training.diffusion.families.loss import diffusion_loss
from training.diffusion.methods.trained_part import TrainedPart
from training.recipes.diffusion.batch import DiffusionBatch, Inputs


@dataclass(frozen=True, kw_only=True)
class BatchLoss:
    """Means over samples; `total` is what is differentiated."""

    total: Tensor
    samples: Tensor
    partners: Tensor | None


def batch_loss(
    part: TrainedPart,
    family: Family,
    batch: DiffusionBatch,
    *,
    min_snr_gamma: float,
    prior_weight: float,
) -> BatchLoss:
    """The loss of the samples, and of their partners with `prior_weight`."""
    if batch.partners is None:
        loss = sample_losses(part, family, batch.samples, min_snr_gamma).mean()
        return BatchLoss(total=loss, samples=loss, partners=None)
    both = batch.samples.and_then(batch.partners)
    losses = sample_losses(part, family, both, min_snr_gamma)
    own, other = (half.mean() for half in losses.split(len(batch.samples)))
    return BatchLoss(total=own + prior_weight * other, samples=own, partners=other)


def sample_losses(
    part: TrainedPart, family: Family, inputs: Inputs, min_snr_gamma: float
) -> Tensor:
    """The weighted error of each sample, float32 [B]; 0 is no min-SNR."""
    embedding = inputs.embedding
    if embedding is None:
        embedding = family.encode_prompts(inputs.prompts)
    noisy = family.noised(inputs.latents, inputs.noise, inputs.times)
    extra = family.size_conditions(inputs.sizes)
    prediction = family.predict(part.denoiser, noisy, inputs.times, embedding, extra)
    target = family.target(inputs.latents, inputs.noise, inputs.times)
    gamma = min_snr_gamma if min_snr_gamma > 0 and family.has_snr else None
    weights = family.loss_weights(inputs.times, gamma)
    return diffusion_loss(prediction, target, weights, inputs.mask)
