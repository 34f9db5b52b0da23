"""Stable Diffusion 3: a transformer, two CLIP text encoders and, unless it is left out, T5."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from diffusers import SD3Transformer2DModel
from torch import Tensor, nn
from transformers import CLIPTextModelWithProjection, CLIPTokenizer, T5EncoderModel, T5Tokenizer

from training.diffusion.families.family import PromptEmbedding
from training.diffusion.families.flow_matching import FlowMatchingFamily
from training.diffusion.families.part_loading import Part
from training.diffusion.families.prompts import read_clip, read_t5
from training.errors import ConfigError

PENULTIMATE = 2


class Sd3Family(FlowMatchingFamily):
    """A prompt's embedding is `hidden` [B, CLIP's and T5's tokens, width], `pooled` [B, width]."""

    name = "sd3"
    DENOISER = Part(name="transformer", loader=SD3Transformer2DModel)
    TEXT_ENCODERS = (
        Part(name="text_encoder", loader=CLIPTextModelWithProjection),
        Part(name="text_encoder_2", loader=CLIPTextModelWithProjection),
        Part(name="text_encoder_3", loader=T5EncoderModel, may_be_absent=True),
    )
    TOKENIZERS = (
        Part(name="tokenizer", loader=CLIPTokenizer, other_names=("CLIPTokenizerFast",)),
        Part(name="tokenizer_2", loader=CLIPTokenizer, other_names=("CLIPTokenizerFast",)),
        Part(name="tokenizer_3", loader=T5Tokenizer, other_names=("T5TokenizerFast",)),
    )
    T5_PART = "tokenizer_3"
    DEFAULT_T5_TOKENS = 256
    SAMPLES_FROM_PURE_NOISE = False

    @property
    def patch_size(self) -> int:
        return int(self._config["patch_size"])

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        shape = super().latent_shape(height, width)
        most = self._config["pos_embed_max_size"] * self.pixels_per_cell
        if max(height, width) > most:
            raise ConfigError(
                f"size: {width} x {height} pixels are too many for this model; "
                f"width and height must be at most {most}."
            )
        return shape

    def encode_prompts(self, prompts: Sequence[str]) -> PromptEmbedding:
        first, second = (
            read_clip(
                self.text_encoders[f"text_encoder{number}"],
                self.tokenizers[f"tokenizer{number}"],
                prompts,
                from_end=PENULTIMATE,
            )
            for number in ("", "_2")
        )
        clip = torch.cat([first.hidden, second.hidden], dim=-1)
        t5 = self._t5(prompts, like=clip)
        clip = nn.functional.pad(clip, (0, t5.shape[-1] - clip.shape[-1]))
        return {
            "hidden": torch.cat([clip, t5], dim=-2),
            "pooled": torch.cat([first.pooled, second.pooled], dim=-1),
        }

    def predict(
        self,
        denoiser: nn.Module,
        noisy: Tensor,
        times: Tensor,
        embedding: PromptEmbedding,
        extra: Mapping[str, Tensor],
    ) -> Tensor:
        dtype, device = self.settings.dtype, noisy.device
        prediction: Tensor = denoiser(
            hidden_states=noisy.to(dtype),
            timestep=times.to(device),
            encoder_hidden_states=embedding["hidden"].to(device, dtype),
            pooled_projections=embedding["pooled"].to(device, dtype),
            return_dict=False,
        )[0]
        return prediction

    @property
    def _config(self) -> Any:
        return self.denoiser.config

    def _t5(self, prompts: Sequence[str], *, like: Tensor) -> Tensor:
        """T5's hidden state, zeros if the pipeline is without T5."""
        if self.T5_PART not in self.tokenizers:
            width: int = self._config["joint_attention_dim"]
            return like.new_zeros(len(prompts), self.t5_tokens, width)
        encoder, tokenizer = self.text_encoders["text_encoder_3"], self.tokenizers[self.T5_PART]
        return read_t5(encoder, tokenizer, prompts, self.t5_tokens)
