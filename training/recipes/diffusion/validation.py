"""Measures the loss on held-out images: at nine times, with fixed noise, beside that of the base model."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from training.diffusion.data.draws import QUANTILES, ValidationDraws
from training.diffusion.data.views import plain_view
from training.diffusion.families.family import Family
from training.diffusion.methods.trained_part import TrainedPart
from training.diffusion.quality.validation import validation_table
from training.process import Process
from training.recipe import EvaluationResult
from training.recipes.diffusion.data import DiffusionData
from training.recipes.diffusion.inputs import Encodings, cells_of
from training.recipes.diffusion.loss import sample_losses

MAX_IMAGES = 128
"""More would take long, and the same images are measured each time."""
BATCH_SIZE = 4


class Validation:
    """The same measurement at every step, for every seed of the training."""

    def __init__(
        self,
        data: DiffusionData,
        family: Family,
        process: Process,
        encodings: Encodings,
    ) -> None:
        self._data = data
        self._family = family
        self._process = process
        self._encodings = encodings
        self._draws = ValidationDraws()
        self._numbers = _evenly(data.held_out, MAX_IMAGES)
        self._base: Tensor | None = None

    def evaluate(self, part: TrainedPart, *, step: int, epoch: int) -> EvaluationResult:
        """A collective. Without held-out images, each model counts as better than the one before."""
        if not self._numbers:
            return EvaluationResult(metrics={}, score=float(step))
        if self._base is None:
            # Of a frozen model with fixed noise, so once is enough.
            self._base = self._losses(part, is_base=True)
        trained = self._losses(part, is_base=False)
        return summarise(trained, self._base, self._patients(), step=step, epoch=epoch)

    def _patients(self) -> list[int]:
        """Of each measured image; without patients, each is one of its own."""
        known = self._data.patients
        return (
            list(range(len(self._numbers))) if known is None else [known[n] for n in self._numbers]
        )

    def _losses(self, part: TrainedPart, *, is_base: bool) -> Tensor:
        """Float64 [images, quantiles], on every rank."""
        found: list[tuple[int, list[float]]] = []
        mine = list(range(self._process.rank, len(self._numbers), self._process.world_size))
        with part.adapter_off() if is_base else nullcontext():
            for places in self._batches(mine):
                rows = self._rows(part, places)
                found += zip(places, rows.tolist(), strict=True)
        gathered = self._process.gather(found)
        ordered = sorted(pair for share in gathered for pair in share)
        losses = self._process.broadcast([row for _, row in ordered])
        return torch.tensor(losses, dtype=torch.float64)

    def _batches(self, places: Sequence[int]) -> list[list[int]]:
        """Places of images of one bucket, a few at a time."""

        def bucket(place: int) -> str:
            return str(self._data.scan.images[self._numbers[place]].placement.bucket)

        batches = []
        for _, group in groupby(sorted(places, key=lambda p: (bucket(p), p)), key=bucket):
            same = list(group)
            batches += [same[at : at + BATCH_SIZE] for at in range(0, len(same), BATCH_SIZE)]
        return batches

    def _rows(self, part: TrainedPart, places: Sequence[int]) -> Tensor:
        """The losses of some images at each quantile, float64 [B, quantiles]."""
        views = [plain_view(self._data.scan.images[self._numbers[place]]) for place in places]
        latents = self._encodings.latents.of(views)
        drawn = [self._noise_and_times(places, latents, number) for number in range(len(QUANTILES))]
        device = self._process.device
        inputs = self._encodings.of(views, latents, *drawn[0]).to(device)
        columns = []
        for noise, times in drawn:
            noised = replace(inputs, noise=noise.to(device), times=times.to(device))
            # Without min-SNR weights, so that runs with other weights can be compared.
            columns.append(sample_losses(part, self._family, noised, 0.0).double().cpu())
        return torch.stack(columns, dim=1)

    def _noise_and_times(
        self, places: Sequence[int], latents: Tensor, quantile: int
    ) -> tuple[Tensor, Tensor]:
        uniform = self._draws.timesteps()[quantile].expand(len(places))
        noise = self._draws.noise(places, quantile, latents.shape[1:])
        return noise, self._family.draw_timesteps(uniform, cells_of(latents))


def summarise(
    trained: Tensor, base: Tensor, patients: Sequence[int], *, step: int, epoch: int
) -> EvaluationResult:
    """The losses [images, quantiles] of images of these patients with what is trained, and without it."""
    _, units = np.unique(patients, return_inverse=True)
    table = validation_table(trained.T.numpy(), base.T.numpy(), units)
    document = {"epoch": epoch, "step": step, **table.model_dump(mode="json")}
    return EvaluationResult(metrics=table.metrics(), score=-table.overall.loss, document=document)


def _evenly(numbers: Sequence[int], most: int) -> list[int]:
    """At most so many of the numbers, evenly spaced."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[place * len(numbers) // most] for place in range(most)]
