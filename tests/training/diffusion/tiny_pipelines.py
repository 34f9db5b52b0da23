"""Writes tiny diffusers pipelines with random weights, so that tests need no download."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DiffusionPipeline,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    PNDMScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from tokenizers import pre_tokenizers
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

SEED = 20240521
CHANNELS = 32
VAE_FACTOR = 2
WORDS = ("retina", "fundus", "photo", "red", "a", "of", "the")
"""The words that are one token each; other words are a token for each of their characters."""

README = "---\nlicense: openrail++\ntags:\n- tiny\n---\n\n# A tiny pipeline of random weights\n"
BETAS = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "set_alpha_to_one": False,
}


def write_sd15(folder: Path) -> Path:
    """Stable Diffusion 1.5: a UNet that predicts the noise, and one text encoder."""
    return _write(folder, _sd15)


def write_sd21(folder: Path) -> Path:
    """Stable Diffusion 2.1: as 1.5, but the UNet predicts the velocity."""
    return _write(folder, _sd21)


def write_sdxl(folder: Path) -> Path:
    """Stable Diffusion XL: a UNet that also reads sizes, and two text encoders."""
    return _write(folder, _sdxl)


def write_sd3(folder: Path) -> Path:
    """Stable Diffusion 3: a transformer of flow matching, two CLIP text encoders and T5."""
    return _write(folder, _sd3)


def write_flux(folder: Path) -> Path:
    """Flux: a transformer of flow matching with guidance as an input, CLIP and T5."""
    return _write(folder, _flux)


WRITERS: dict[str, Callable[[Path], Path]] = {
    "sd15": write_sd15,
    "sd21": write_sd21,
    "sdxl": write_sdxl,
    "sd3": write_sd3,
    "flux": write_flux,
}
"""The function that writes each family's pipeline, by the name of the family."""


def clip_tokenizer() -> CLIPTokenizer:
    """A byte-level tokenizer of 77 tokens at most."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*alphabet, *(f"{character}</w>" for character in alphabet)]
    # Declared as lists of texts, but the library underneath takes pairs.
    merges: Any = []
    for word in WORDS:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        while len(parts) > 1:
            if (parts[0], parts[1]) not in merges:
                merges.append((parts[0], parts[1]))
            parts = [parts[0] + parts[1], *parts[2:]]
            if parts[0] not in pieces:
                pieces.append(parts[0])
    vocab = {
        piece: index for index, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])
    }
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77)


def t5_tokenizer() -> T5Tokenizer:
    """A unigram tokenizer of single characters and the WORDS."""
    letters = "▁abcdefghijklmnopqrstuvwxyz0123456789,.-"
    vocab = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocab += [(f"▁{word}", -1.0) for word in WORDS if len(word) > 1]
    vocab += [(letter, -2.0) for letter in letters]
    return T5Tokenizer(vocab=vocab, extra_ids=0, model_max_length=512)


def _write(folder: Path, build: Callable[[], DiffusionPipeline]) -> Path:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        pipeline = build()
    pipeline.save_pretrained(folder)
    (folder / "README.md").write_text(README, encoding="utf-8")
    return folder


def _clip_config(tokenizer: CLIPTokenizer) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=CHANNELS,
        intermediate_size=CHANNELS,
        num_hidden_layers=3,
        num_attention_heads=4,
        projection_dim=CHANNELS,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _t5(tokenizer: T5Tokenizer, width: int) -> T5EncoderModel:
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=width,
        d_kv=8,
        d_ff=CHANNELS,
        num_layers=2,
        num_heads=4,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        feed_forward_proj="gated-gelu",
    )
    encoder = T5EncoderModel(config)
    encoder.eval()
    return encoder


def _vae(*, scaling_factor: float, shift_factor: float | None = None) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(CHANNELS, CHANNELS),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=16,
        scaling_factor=scaling_factor,
        shift_factor=shift_factor,
    ).eval()


def _unet(**options: object) -> UNet2DConditionModel:
    settings: dict[str, object] = {
        "sample_size": 8,
        "block_out_channels": (CHANNELS, CHANNELS),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": CHANNELS,
        "attention_head_dim": 4,
        "norm_num_groups": 8,
    }
    return UNet2DConditionModel(**(settings | options)).eval()


def _sd15() -> DiffusionPipeline:
    tokenizer = clip_tokenizer()
    return StableDiffusionPipeline(
        vae=_vae(scaling_factor=0.18215),
        text_encoder=CLIPTextModel(_clip_config(tokenizer)).eval(),
        tokenizer=tokenizer,
        unet=_unet(),
        scheduler=PNDMScheduler(skip_prk_steps=True, **BETAS),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _sd21() -> DiffusionPipeline:
    tokenizer = clip_tokenizer()
    return StableDiffusionPipeline(
        vae=_vae(scaling_factor=0.18215),
        text_encoder=CLIPTextModel(_clip_config(tokenizer)).eval(),
        tokenizer=tokenizer,
        unet=_unet(use_linear_projection=True),
        scheduler=DDIMScheduler(prediction_type="v_prediction", clip_sample=False, **BETAS),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _sdxl() -> DiffusionPipeline:
    tokenizer = clip_tokenizer()
    # The numbers of the sizes are embedded in 8 values each, beside the pooled text.
    time_width = 8
    unet = _unet(
        use_linear_projection=True,
        cross_attention_dim=2 * CHANNELS,
        transformer_layers_per_block=(1, 2),
        addition_embed_type="text_time",
        addition_time_embed_dim=time_width,
        projection_class_embeddings_input_dim=6 * time_width + CHANNELS,
    )
    return StableDiffusionXLPipeline(
        vae=_vae(scaling_factor=0.13025),
        text_encoder=CLIPTextModel(_clip_config(tokenizer)).eval(),
        text_encoder_2=CLIPTextModelWithProjection(_clip_config(tokenizer)).eval(),
        tokenizer=tokenizer,
        tokenizer_2=clip_tokenizer(),
        unet=unet,
        scheduler=DDIMScheduler(clip_sample=False, **BETAS),
        add_watermarker=False,
    )


def _sd3() -> DiffusionPipeline:
    tokenizer, t5 = clip_tokenizer(), t5_tokenizer()
    # Wider than both CLIP encoders together, whose embedding is padded.
    width = 2 * CHANNELS + 8
    transformer = SD3Transformer2DModel(
        sample_size=8,
        patch_size=2,
        in_channels=4,
        out_channels=4,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        joint_attention_dim=width,
        caption_projection_dim=CHANNELS,
        pooled_projection_dim=2 * CHANNELS,
        pos_embed_max_size=16,
    ).eval()
    return StableDiffusion3Pipeline(
        vae=_vae(scaling_factor=1.5305, shift_factor=0.0609),
        text_encoder=CLIPTextModelWithProjection(_clip_config(tokenizer)).eval(),
        text_encoder_2=CLIPTextModelWithProjection(_clip_config(tokenizer)).eval(),
        text_encoder_3=_t5(t5, width),
        tokenizer=tokenizer,
        tokenizer_2=clip_tokenizer(),
        tokenizer_3=t5,
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )


def _flux() -> DiffusionPipeline:
    tokenizer, t5 = clip_tokenizer(), t5_tokenizer()
    transformer = FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=CHANNELS,
        pooled_projection_dim=CHANNELS,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=True,
    ).eval()
    return FluxPipeline(
        vae=_vae(scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=CLIPTextModel(_clip_config(tokenizer)).eval(),
        text_encoder_2=_t5(t5, CHANNELS),
        tokenizer=tokenizer,
        tokenizer_2=t5,
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
    )
