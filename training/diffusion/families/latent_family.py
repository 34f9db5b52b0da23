"""What all families share: parts, images as latents, token reports, digests."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from diffusers import AutoencoderKL
from torch import Tensor, nn

from training.diffusion.families.digests import parts_digest
from training.diffusion.families.family import (
    LoadSettings,
    PromptEmbedding,
    SampleSize,
    TokenReport,
)
from training.diffusion.families.image_coder import ImageCoder
from training.diffusion.families.part_loading import (
    Part,
    has_part,
    load_model,
    load_tokenizer,
    require_vocabulary,
)
from training.diffusion.families.pipeline_folder import PipelineFolder
from training.diffusion.families.prompts import truncated_text
from training.errors import ConfigError

SCHEDULER = "scheduler"
VAE = Part(name="vae", loader=AutoencoderKL)


class LatentFamily(ABC):
    """A model that denoises the latents of a VAE by the output of text encoders."""

    name: str
    has_snr: bool
    guidance_is_embedded = False

    DENOISER: ClassVar[Part]
    TEXT_ENCODERS: ClassVar[Sequence[Part]]
    TOKENIZERS: ClassVar[Sequence[Part]]
    """Of the text encoders, in their order; needed where the encoder is there."""

    def __init__(self, pipeline: PipelineFolder, settings: LoadSettings) -> None:
        """Load all parts. Raises WeightsError and ConfigError as `load_family` does."""
        self.folder = pipeline.path
        self.settings = settings
        self.denoiser_part = self.DENOISER.name
        has_part(pipeline, self.DENOISER)
        has_part(pipeline, VAE)
        encoders = [
            (encoder, tokenizer)
            for encoder, tokenizer in zip(self.TEXT_ENCODERS, self.TOKENIZERS, strict=True)
            if has_part(pipeline, encoder) and has_part(pipeline, tokenizer)
        ]
        # The small parts first: what is wrong with them is found before gigabytes are read.
        self.noise_scheduler = self.load_scheduler(pipeline)
        self.tokenizers = {part.name: load_tokenizer(pipeline, part) for _, part in encoders}
        self.text_encoders = {part.name: self._load(pipeline, part) for part, _ in encoders}
        for part, tokenizer in encoders:
            encoder = self.text_encoders[part.name]
            require_vocabulary(pipeline, part, encoder, self.tokenizers[tokenizer.name])
        self.image_coder = ImageCoder(self._load(pipeline, VAE))
        self.denoiser: nn.Module = self._load(pipeline, self.DENOISER)

    @property
    def vae(self) -> AutoencoderKL:
        return self.image_coder.vae

    @property
    @abstractmethod
    def pixels_per_cell(self) -> int:
        """As Family has it."""

    @property
    @abstractmethod
    def prompt_limit(self) -> int:
        """As Family has it."""

    @abstractmethod
    def load_scheduler(self, pipeline: PipelineFolder) -> Any:
        """The noise schedule. Raises WeightsError if the family cannot be trained with it."""

    @abstractmethod
    def encode_prompts(self, prompts: Sequence[str]) -> PromptEmbedding:
        """As Family has it."""

    @cached_property
    def base_digest(self) -> str:
        parts = (SCHEDULER, self.denoiser_part, VAE.name, *self.text_encoders, *self.tokenizers)
        return parts_digest(self.folder, parts)

    @cached_property
    def vae_digest(self) -> str:
        return _settings_digest(parts_digest(self.folder, [VAE.name]), self.vae.dtype)

    @cached_property
    def text_digest(self) -> str:
        settings = self.settings
        return _settings_digest(
            parts_digest(self.folder, [*self.text_encoders, *self.tokenizers]),
            *(self.name, settings.dtype, settings.clip_skip, self.prompt_limit),
        )

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        cell = self.pixels_per_cell
        if min(height, width) < cell or height % cell or width % cell:
            raise ConfigError(
                f"size: {width} x {height} pixels do not fit this model; width and height must be "
                f"multiples of {cell}."
            )
        factor = self.image_coder.pixels_per_latent
        return self.image_coder.num_channels, height // factor, width // factor

    def encode_images(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        return self.image_coder.encode(pixels, noise)

    def decode_latents(self, latents: Tensor) -> Tensor:
        return self.image_coder.decode(latents)

    def token_report(self, prompt: str) -> TokenReport:
        reports = [
            TokenReport(*truncated_text(tokenizer, prompt, self._limit(part)))
            for part, tokenizer in self.tokenizers.items()
        ]
        return min(reports, key=lambda report: len(report.truncated))

    def unconditional(self, embedding: PromptEmbedding) -> PromptEmbedding | None:
        count = len(next(iter(embedding.values())))
        empty = self.encode_prompts([""])
        return {name: tensor.expand(count, *tensor.shape[1:]) for name, tensor in empty.items()}

    def size_conditions(self, sizes: Sequence[SampleSize]) -> Mapping[str, Tensor]:
        return {}

    def _limit(self, tokenizer_part: str) -> int:
        """Tokens of a prompt that this tokenizer keeps, without the marks of both ends."""
        tokenizer = self.tokenizers[tokenizer_part]
        marks: int = tokenizer.num_special_tokens_to_add()
        return self.max_tokens(tokenizer_part) - marks

    def max_tokens(self, tokenizer_part: str) -> int:
        """The length to which prompts are padded and cut, with the marks of both ends."""
        length: int = self.tokenizers[tokenizer_part].model_max_length
        return length

    def _load(self, pipeline: PipelineFolder, part: Part) -> Any:
        return load_model(pipeline, part, self.settings.dtype).to(self.settings.device)


def _settings_digest(files: str, *settings: object) -> str:
    words = "\0".join([files, *map(str, settings)])
    return hashlib.sha256(words.encode()).hexdigest()
