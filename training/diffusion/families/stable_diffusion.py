"""Stable Diffusion 1.x and 2.x: a UNet, and one CLIP text encoder."""

from collections.abc import Sequence
from typing import Any

from transformers import CLIPTextModel, CLIPTokenizer

from tracking_plugin.base_models import STABLE_DIFFUSION_BY_TEXT_WIDTH
from training.diffusion.families.ddpm import DdpmFamily
from training.diffusion.families.family import LoadSettings, PromptEmbedding
from training.diffusion.families.part_loading import Part
from training.diffusion.families.pipeline_folder import PipelineFolder
from training.diffusion.families.prompts import read_clip_normalised, require_clip_skip


class StableDiffusionFamily(DdpmFamily):
    """Of both generations, which differ in the text encoder, and 2.1 also in what it predicts.

    A prompt's embedding is `hidden` [B, 77, width].
    """

    TEXT_ENCODERS = (Part(name="text_encoder", loader=CLIPTextModel),)
    TOKENIZERS = (Part(name="tokenizer", loader=CLIPTokenizer, other_names=("CLIPTokenizerFast",)),)

    def __init__(self, pipeline: PipelineFolder, settings: LoadSettings) -> None:
        self.name = "sd15"
        super().__init__(pipeline, settings)
        config: Any = self.denoiser.config
        by_target = "sd21" if self.predicts_velocity else "sd15"
        self.name = STABLE_DIFFUSION_BY_TEXT_WIDTH.get(config["cross_attention_dim"], by_target)
        require_clip_skip(self.text_encoders["text_encoder"], settings.clip_skip)

    def encode_prompts(self, prompts: Sequence[str]) -> PromptEmbedding:
        encoder, tokenizer = self.text_encoders["text_encoder"], self.tokenizers["tokenizer"]
        skip = self.settings.clip_skip
        return {"hidden": read_clip_normalised(encoder, tokenizer, prompts, from_end=skip)}
