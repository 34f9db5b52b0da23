"""Stable Diffusion XL: a UNet that also reads sizes, and two CLIP text encoders."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from training.diffusion.families.ddpm import DdpmFamily
from training.diffusion.families.family import LoadSettings, PromptEmbedding, SampleSize
from training.diffusion.families.part_loading import Part
from training.diffusion.families.pipeline_folder import PipelineFolder
from training.diffusion.families.prompts import read_clip
from training.errors import ConfigError

PENULTIMATE = 2


class SdxlFamily(DdpmFamily):
    """A prompt's embedding is `hidden` [B, 77, both widths] and `pooled` [B, width of the second]."""

    name = "sdxl"
    TEXT_ENCODERS = (
        Part(name="text_encoder", loader=CLIPTextModel),
        Part(name="text_encoder_2", loader=CLIPTextModelWithProjection),
    )
    TOKENIZERS = (
        Part(name="tokenizer", loader=CLIPTokenizer, other_names=("CLIPTokenizerFast",)),
        Part(name="tokenizer_2", loader=CLIPTokenizer, other_names=("CLIPTokenizerFast",)),
    )

    def __init__(self, pipeline: PipelineFolder, settings: LoadSettings) -> None:
        if settings.clip_skip != 1:
            raise ConfigError(
                "clip_skip: sdxl always reads the hidden state before the last; leave clip_skip at 1."
            )
        super().__init__(pipeline, settings)
        self._zeros_without_prompt = bool(pipeline.index.get("force_zeros_for_empty_prompt", True))

    def encode_prompts(self, prompts: Sequence[str]) -> PromptEmbedding:
        first, second = (
            read_clip(encoder, tokenizer, prompts, from_end=PENULTIMATE)
            for encoder, tokenizer in zip(
                self.text_encoders.values(), self.tokenizers.values(), strict=True
            )
        )
        return {"hidden": torch.cat([first.hidden, second.hidden], dim=-1), "pooled": second.pooled}

    def unconditional(self, embedding: PromptEmbedding) -> PromptEmbedding | None:
        if self._zeros_without_prompt:
            return {name: torch.zeros_like(tensor) for name, tensor in embedding.items()}
        return super().unconditional(embedding)

    def size_conditions(self, sizes: Sequence[SampleSize]) -> Mapping[str, Tensor]:
        """`time_ids` [B, 6]: original height and width, top and left of the crop, target size."""
        rows = [[*size.original, *size.crop, *size.target] for size in sizes]
        return {"time_ids": torch.tensor(rows, dtype=torch.float32)}

    def added_conditions(
        self, noisy: Tensor, embedding: PromptEmbedding, extra: Mapping[str, Tensor]
    ) -> dict[str, Tensor] | None:
        device, dtype = noisy.device, self.settings.dtype
        return {
            "text_embeds": embedding["pooled"].to(device, dtype),
            "time_ids": extra["time_ids"].to(device, dtype),
        }
