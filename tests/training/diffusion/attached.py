"""Attaches methods to tiny pipelines of diffusers, and draws with them."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline

from training.diffusion.methods.components import Components
from training.diffusion.methods.trained_part import TrainedPart

SIZE = 16
PROMPT = "a red fundus photo"


def load_pipeline(folder: Path) -> Any:
    pipeline = DiffusionPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def components_of(pipeline: Any, family: str) -> Components:
    names = ("text_encoder", "text_encoder_2", "text_encoder_3")
    encoders = {name: part for name in names if (part := getattr(pipeline, name, None)) is not None}
    denoiser_name = "unet" if hasattr(pipeline, "unet") else "transformer"
    return Components(
        family=family,
        denoiser_name=denoiser_name,
        denoiser=getattr(pipeline, denoiser_name),
        text_encoders=encoders,
        tokenizers={
            name: getattr(pipeline, name.replace("text_encoder", "tokenizer")) for name in encoders
        },
    )


def randomise(part: TrainedPart, *, scale: float = 0.3) -> None:
    """Change all trained weights, as a training would."""
    generator = torch.Generator().manual_seed(1)
    part.load(
        {
            name: tensor + scale * torch.randn(tensor.shape, generator=generator)
            for name, tensor in part.weights().items()
        }
    )
    part.eval()


def draw(pipeline: Any, prompt: str = PROMPT) -> np.ndarray[Any, Any]:
    """An image of two steps, [height, width, 3] from 0 to 1."""
    with torch.inference_mode():
        output = pipeline(
            prompt,
            height=SIZE,
            width=SIZE,
            num_inference_steps=2,
            guidance_scale=3.0,
            generator=torch.Generator().manual_seed(5),
            output_type="np",
        )
    return np.asarray(output.images[0])
