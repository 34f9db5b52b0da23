"""The code of a registered image classifier, which MLflow stores with it; it needs no Fovea.

MLflow executes this file when the model is loaded (models from code), so no class is pickled. It
needs torch, timm, safetensors and NumPy.
"""

from typing import Any

import numpy as np
import timm
import torch
import torch.nn.functional as F
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from safetensors.torch import load_file

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
BATCH_SIZE = 32

Array = np.ndarray[Any, Any]


class _Classifier:
    """Maps uint8 RGB images [N, H, W, 3] of one size to probabilities, float32 [N, classes]."""

    def load_context(self, context: PythonModelContext) -> None:
        """Build the network and load its weights."""
        self.settings = dict(context.model_config)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        options = {name: value for name, value in self.settings["options"].items() if value != ""}
        self.model = timm.create_model(self.settings["backbone"], pretrained=False, **options)
        self.model.load_state_dict(load_file(context.artifacts["weights"]))
        self.model.eval().to(self.device)

    # MLflow would read type hints as the signature of the model.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """Probabilities in the order of the model's `classes`."""
        images = np.asarray(model_input)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
            raise ValueError(
                "Expected RGB images as uint8 [N, H, W, 3], "
                f"but {images.dtype} {list(images.shape)} came."
            )
        batches = range(0, len(images), BATCH_SIZE)
        parts = [self._probabilities(images[start : start + BATCH_SIZE]) for start in batches]
        num_classes = len(self.settings["classes"])
        return np.concatenate(parts) if parts else np.zeros((0, num_classes), np.float32)

    @torch.inference_mode()
    def _probabilities(self, images: Array) -> Array:
        pixels = torch.tensor(images).to(self.device)
        logits = self.model(self._transformed(pixels.permute(0, 3, 1, 2).float() / 255))
        probabilities: Array = logits.float().softmax(dim=1).cpu().numpy()
        return probabilities

    def _transformed(self, values: torch.Tensor) -> torch.Tensor:
        size = self.settings["image_size"]
        if self.settings["framing"] == "crop":
            values = _centre_crop(values, self.settings["decode_size"], size)
        else:
            values = F.interpolate(values, [size, size], mode="bilinear", antialias=True)
        mean = torch.tensor(IMAGENET_MEAN, device=values.device).view(1, 3, 1, 1)
        std = torch.tensor(IMAGENET_STD, device=values.device).view(1, 3, 1, 1)
        return (values - mean) / std


def _centre_crop(values: torch.Tensor, shorter_side: int, size: int) -> torch.Tensor:
    height, width = values.shape[-2:]
    scale = shorter_side / min(height, width)
    scaled = [round(height * scale), round(width * scale)]
    values = F.interpolate(values, scaled, mode="bicubic", antialias=True).clamp(0, 1)
    top, left = (scaled[0] - size) // 2, (scaled[1] - size) // 2
    return values[..., top : top + size, left : left + size]


class ImageClassifier(_Classifier, PythonModel):
    """The classifier as MLflow calls it; MLflow would demand type hints if `predict` was defined here."""


set_model(ImageClassifier())
