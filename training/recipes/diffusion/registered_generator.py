"""The code of a registered generator of images, which MLflow stores with it; it needs no Fovea.

MLflow executes this file when the model is loaded (models from code), so no class is pickled. It
needs torch, diffusers, transformers, peft and NumPy, and the folder of the base model.
"""

from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

BATCH_SIZE = 4


class _Generator:
    """Maps N prompts to images, uint8 [N, H, W, 3]; the parameter `seed` chooses the noise."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the base model and what was trained."""
        self.settings = dict(context.model_config)
        base = context.artifacts.get("pipeline", self.settings["base_model"])
        pipeline = DiffusionPipeline.from_pretrained(base, use_safetensors=True)
        if adapter := context.artifacts.get("diffusers"):
            pipeline.load_lora_weights(adapter)
        if words := context.artifacts.get("embeddings"):
            pipeline.load_textual_inversion(words)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.pipeline = pipeline.to(device)
        self.pipeline.set_progress_bar_config(disable=True)

    # MLflow would read type hints as the signature of the model.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """One image for each prompt."""
        prompts = [str(prompt) for prompt in np.asarray(model_input).reshape(-1)]
        seed = int({**self.settings, **(params or {})}["seed"])
        parts = [
            self._drawn(prompts[at : at + BATCH_SIZE], seed + at)
            for at in range(0, len(prompts), BATCH_SIZE)
        ]
        side = self.settings["size"]
        return np.concatenate(parts) if parts else np.zeros((0, side, side, 3), np.uint8)

    def _drawn(self, prompts: list[str], seed: int) -> np.ndarray[Any, Any]:
        noise = [torch.Generator().manual_seed(seed + number) for number in range(len(prompts))]
        drawn = self.pipeline(
            prompts,
            width=self.settings["size"],
            height=self.settings["size"],
            num_inference_steps=self.settings["steps"],
            guidance_scale=self.settings["guidance"],
            generator=noise,
            output_type="np",
        )
        pixels: np.ndarray[Any, Any] = (np.asarray(drawn.images) * 255).round().astype(np.uint8)
        return pixels


class RegisteredGenerator(_Generator, PythonModel):
    """The generator as MLflow loads it; apart from the above, which needs no PythonModel."""


set_model(RegisteredGenerator())
