"""Flux: a transformer over packed latents, CLIP for the prompt as a whole and T5 for its words."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from diffusers import FluxTransformer2DModel
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer, T5EncoderModel, T5Tokenizer

from training.diffusion.families.family import LoadSettings, PromptEmbedding
from training.diffusion.families.flow_matching import FlowMatchingFamily
from training.diffusion.families.part_loading import Part
from training.diffusion.families.pipeline_folder import PipelineFolder
from training.diffusion.families.prompts import read_clip, read_t5

PATCH = 2
TRAINING_GUIDANCE = 1.0
"""The guidance with which a model is trained that was distilled to have it as an input."""


class FluxFamily(FlowMatchingFamily):
    """A prompt's embedding is `hidden` [B, T5's tokens, width] and CLIP's `pooled` [B, width]."""

    name = "flux"
    DENOISER = Part(name="transformer", loader=FluxTransformer2DModel)
    TEXT_ENCODERS = (
        Part(name="text_encoder", loader=CLIPTextModel),
        Part(name="text_encoder_2", loader=T5EncoderModel),
    )
    TOKENIZERS = (
        Part(name="tokenizer", loader=CLIPTokenizer, other_names=("CLIPTokenizerFast",)),
        Part(name="tokenizer_2", loader=T5Tokenizer, other_names=("T5TokenizerFast",)),
    )
    T5_PART = "tokenizer_2"
    DEFAULT_T5_TOKENS = 512
    SAMPLES_FROM_PURE_NOISE = True

    def __init__(self, pipeline: PipelineFolder, settings: LoadSettings) -> None:
        super().__init__(pipeline, settings)
        config: Any = self.denoiser.config
        self.guidance_is_embedded = bool(config["guidance_embeds"])

    @property
    def patch_size(self) -> int:
        return PATCH

    def encode_prompts(self, prompts: Sequence[str]) -> PromptEmbedding:
        clip = read_clip(
            self.text_encoders["text_encoder"], self.tokenizers["tokenizer"], prompts, from_end=1
        )
        encoder, tokenizer = self.text_encoders["text_encoder_2"], self.tokenizers[self.T5_PART]
        return {
            "hidden": read_t5(encoder, tokenizer, prompts, self.t5_tokens),
            "pooled": clip.pooled,
        }

    def unconditional(self, embedding: PromptEmbedding) -> PromptEmbedding | None:
        return None

    def predict(
        self,
        denoiser: nn.Module,
        noisy: Tensor,
        times: Tensor,
        embedding: PromptEmbedding,
        extra: Mapping[str, Tensor],
    ) -> Tensor:
        dtype, device = self.settings.dtype, noisy.device
        rows, columns = noisy.shape[2] // PATCH, noisy.shape[3] // PATCH
        hidden = embedding["hidden"].to(device, dtype)
        packed: Tensor = denoiser(
            hidden_states=pack(noisy.to(dtype)),
            timestep=times.to(device) / self.noise_scheduler.config["num_train_timesteps"],
            guidance=self._guidance(noisy, extra),
            pooled_projections=embedding["pooled"].to(device, dtype),
            encoder_hidden_states=hidden,
            txt_ids=torch.zeros(hidden.shape[1], 3, device=device, dtype=dtype),
            img_ids=_positions(rows, columns).to(device, dtype),
            return_dict=False,
        )[0]
        return unpack(packed, rows, columns)

    def _guidance(self, noisy: Tensor, extra: Mapping[str, Tensor]) -> Tensor | None:
        if not self.guidance_is_embedded:
            return None
        default = torch.full([len(noisy)], TRAINING_GUIDANCE)
        return extra.get("guidance", default).to(noisy.device, torch.float32)


def pack(latents: Tensor) -> Tensor:
    """Latents [B, C, h, w] as tokens [B, h/2 * w/2, 4C], as diffusers' FluxPipeline packs them."""
    batch, channels, height, width = latents.shape
    rows, columns = height // PATCH, width // PATCH
    patches = latents.reshape(batch, channels, rows, PATCH, columns, PATCH)
    return patches.permute(0, 2, 4, 1, 3, 5).reshape(batch, rows * columns, -1)


def unpack(tokens: Tensor, rows: int, columns: int) -> Tensor:
    """The latents [B, C, 2 rows, 2 columns] of packed tokens."""
    batch = len(tokens)
    patches = tokens.reshape(batch, rows, columns, -1, PATCH, PATCH)
    return patches.permute(0, 3, 1, 4, 2, 5).reshape(batch, -1, rows * PATCH, columns * PATCH)


def _positions(rows: int, columns: int) -> Tensor:
    """The row and column of each token [tokens, 3]; the first number is unused."""
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    return torch.stack([torch.zeros_like(row), row, column], dim=-1).flatten(0, 1).float()
