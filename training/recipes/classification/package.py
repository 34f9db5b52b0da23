"""Describes a trained classifier for MLflow's model registry."""

import importlib.metadata
from pathlib import Path

import numpy as np

from training.models.backbone import BackboneConfig, timm_options
from training.recipe import PackagedModel
from training.recipes.classification.prediction import InferenceTransform
from training.taxonomies.taxonomy import Taxonomy, taxonomy_to_dict

REGISTERED_CODE = Path(__file__).with_name("registered_classifier.py")
REQUIREMENTS = ("mlflow", "numpy", "safetensors", "timm", "torch")
EXAMPLE_SIZE = 64


def package_classifier(
    backbone: BackboneConfig, transform: InferenceTransform, taxonomy: Taxonomy, *, recipe: str
) -> PackagedModel:
    """The classifier, with the settings that its code needs to build it and to prepare images.

    `recipe`, the modalities and the critical conditions are for programs that serve the model.
    """
    return PackagedModel(
        code=REGISTERED_CODE,
        settings={
            "recipe": recipe,
            "backbone": backbone.name,
            "options": timm_options(backbone),
            "classes": list(taxonomy.classes),
            "modalities": [str(modality) for modality in taxonomy.modalities],
            "critical_conditions": taxonomy_to_dict(taxonomy)["critical_conditions"],
            "image_size": transform.image_size,
            "decode_size": transform.decode_size,
            "framing": str(transform.framing),
        },
        input_example=_grey_ramp(),
        input_shape=(-1, -1, -1, 3),
        output_shape=(-1, len(taxonomy.classes)),
        requirements=[f"{name}=={importlib.metadata.version(name)}" for name in REQUIREMENTS],
    )


def _grey_ramp() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """An input example that shows no patient, [1, 64, 64, 3]."""
    ramp = np.linspace(0, 255, EXAMPLE_SIZE).astype(np.uint8)
    return np.broadcast_to(ramp[None, None, :, None], (1, EXAMPLE_SIZE, EXAMPLE_SIZE, 3)).copy()
