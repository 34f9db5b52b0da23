"""Draws outputs of a classifier for tests of the evidence."""

import numpy as np
import torch

from training.evidence.outputs import ClassifierOutputs
from training.taxonomies.taxonomy import CriticalCondition, Modality, Taxonomy


def taxonomy(num_classes: int = 3, *conditions: tuple[str, tuple[int, ...], float]) -> Taxonomy:
    return Taxonomy(
        name="drawn",
        classes=tuple(f"class {index}" for index in range(num_classes)),
        modalities=(Modality.FUNDUS,) * num_classes,
        critical_conditions=tuple(
            CriticalCondition(name=name, class_indices=classes, min_sensitivity=required)
            for name, classes, required in conditions
        ),
    )


def outputs(
    counts: tuple[int, ...] = (100, 100, 100),
    *,
    dimension: int = 6,
    sharpening: float = 3.0,
    seed: int = 0,
) -> ClassifierOutputs:
    """An overconfident classifier of `counts[i]` samples of class i; features are Gaussians."""
    random = np.random.default_rng(seed)
    targets = np.repeat(np.arange(len(counts)), counts)
    logits = random.normal(0, 1, (len(targets), len(counts)))
    logits[np.arange(len(targets)), targets] += 1.5
    centres = 3 * random.normal(0, 1, (len(counts), dimension))
    features = centres[targets] + random.normal(0, 1, (len(targets), dimension))
    return ClassifierOutputs(
        logits=torch.from_numpy(sharpening * logits).float(),
        targets=torch.from_numpy(targets),
        features=torch.from_numpy(features).float(),
    )
