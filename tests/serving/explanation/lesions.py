"""Drawn images with a planted lesion, and a small network that has learned to see it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 64
RADIUS = 5
HAS_LESION = 1
NUM_STEPS = 100
BATCH = 32

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class LesionImages:
    """Images [N, 3, 64, 64] with a blue disc each, and a red one, the lesion, where `targets` is 1."""

    images: Tensor
    targets: Tensor
    centres: Array
    """Row and column of the lesion's centre [N, 2]."""


def draw(count: int, seed: int) -> LesionImages:
    random = np.random.default_rng(seed)
    images = random.normal(0, 0.3, (count, 3, SIDE, SIDE)).astype(np.float32)
    targets = np.arange(count) % 2
    centres = random.uniform(RADIUS, SIDE - RADIUS, (count, 2))
    others = random.uniform(RADIUS, SIDE - RADIUS, (count, 2))
    for index in range(count):
        images[index, 2, disc(*others[index])] += 2
        if targets[index] == HAS_LESION:
            images[index, 0, disc(*centres[index])] += 2
    return LesionImages(torch.from_numpy(images), torch.from_numpy(targets), centres)


def disc(row: float, column: float) -> Array:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.asarray((rows - row) ** 2 + (columns - column) ** 2 <= RADIUS**2)


class SmallNetwork(nn.Module):
    """A CNN with the methods of timm's networks; its map has 16 x 16 places."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(inplace=True)),
            *(nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(inplace=True)),
            *(nn.Conv2d(32, 32, 3, 1, 1), nn.ReLU(inplace=True)),
        )
        self.classifier = nn.Linear(32, 2)

    def forward_features(self, images: Tensor) -> Tensor:
        features: Tensor = self.layers(images)
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        logits: Tensor = self.classifier(features.mean((2, 3)))
        return logits

    def forward(self, images: Tensor) -> Tensor:
        return self.forward_head(self.forward_features(images))


def trained_network() -> SmallNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = SmallNetwork()
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for step in range(NUM_STEPS):
        batch = draw(BATCH, 1000 + step)
        loss = F.cross_entropy(network(batch.images), batch.targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    optimizer.zero_grad()
    return network.eval()
