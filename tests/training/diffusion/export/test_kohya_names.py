from pathlib import Path

import pytest
import torch
from diffusers import FluxTransformer2DModel, SD3Transformer2DModel, UNet2DConditionModel
from safetensors.torch import load_file
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from tests.training.diffusion.export.key_maps import (
    a1111_module,
    a1111_modules,
    comfyui_clip_names,
    comfyui_transformer_names,
    comfyui_unet_names,
    original_unet_names,
)
from training.diffusion.export.facts import TrainingFacts
from training.diffusion.export.kohya_adapter import write_kohya
from training.diffusion.export.kohya_names import kohya_layers, kohya_name
from training.diffusion.methods.adapters import AdapterPart
from training.diffusion.methods.components import Components
from training.diffusion.methods.options import MethodOptions, Target
from training.diffusion.methods.registry import attach

NUM_LAYERS = 2
CROSS, PLAIN = "CrossAttn", ""


def _clip(kind: type[nn.Module] = CLIPTextModel) -> nn.Module:
    config = CLIPTextConfig(
        vocab_size=10,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=NUM_LAYERS,
        num_attention_heads=2,
        bos_token_id=8,
        eos_token_id=9,
        pad_token_id=9,
    )
    return kind(config)


def _unet(*kinds: str, depths: tuple[int, ...], linear: bool) -> UNet2DConditionModel:
    """With the blocks of a real model, but narrow."""
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8,) * len(kinds),
        layers_per_block=2,
        down_block_types=tuple(f"{kind}DownBlock2D" for kind in kinds),
        up_block_types=tuple(f"{kind}UpBlock2D" for kind in reversed(kinds)),
        transformer_layers_per_block=depths,
        cross_attention_dim=16,
        attention_head_dim=4,
        norm_num_groups=4,
        use_linear_projection=linear,
    )


def _components(family: str) -> Components:
    if family == "sdxl":
        unet = _unet(PLAIN, CROSS, CROSS, depths=(1, 2, 3), linear=True)
        encoders = {"text_encoder": _clip(), "text_encoder_2": _clip(CLIPTextModelWithProjection)}
    else:
        linear = family == "sd21"
        unet = _unet(CROSS, CROSS, CROSS, PLAIN, depths=(1, 1, 1, 1), linear=linear)
        encoders = {"text_encoder": _clip()}
    return Components(family=family, denoiser_name="unet", denoiser=unet, text_encoders=encoders)


def _exported(components: Components, path: Path) -> set[str]:
    options = MethodOptions(rank=1, targets=tuple(Target), text_encoders=True)
    part = attach("lora", components, options, 0)
    assert isinstance(part, AdapterPart)
    tensors = load_file(write_kohya(part, path, TrainingFacts(title="names")))
    names = {name.partition(".")[0] for name in tensors}
    assert len(names) == len(part.layers)
    return names


KNOWN = {
    "sd15": {
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q",
        "lora_unet_mid_block_attentions_0_proj_in",
        "lora_unet_up_blocks_3_attentions_2_transformer_blocks_0_ff_net_0_proj",
        "lora_te_text_model_encoder_layers_0_self_attn_q_proj",
    },
    "sd21": {"lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_out_0"},
    "sdxl": {
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q",
        "lora_unet_input_blocks_8_1_transformer_blocks_2_attn2_to_out_0",
        "lora_unet_middle_block_1_proj_out",
        "lora_unet_output_blocks_2_2_conv",
        "lora_unet_output_blocks_5_1_transformer_blocks_1_ff_net_2",
        "lora_te1_text_model_encoder_layers_1_mlp_fc1",
        "lora_te2_text_model_encoder_layers_1_mlp_fc2",
    },
}
"""Some names by kohya's convention, written out."""


@pytest.mark.parametrize("family", ["sd15", "sd21", "sdxl"])
def test_comfyui_and_a1111_find_every_layer(tmp_path: Path, family: str) -> None:
    components = _components(family)
    unet = components.denoiser
    assert isinstance(unet, UNet2DConditionModel)

    names = _exported(components, tmp_path / "names.safetensors")

    comfyui = comfyui_unet_names(unet)
    clip = comfyui_clip_names(family, NUM_LAYERS)
    a1111 = a1111_modules(unet, family, NUM_LAYERS)
    assert names <= comfyui.keys() | clip
    assert names >= clip | KNOWN[family]
    found = {name: a1111_module(name, is_sd2=family == "sd21") for name in names}
    assert set(found.values()) <= a1111
    assert len(set(found.values())) == len(names)
    for name, original in comfyui.items():
        if name in names:
            assert found[name] == f"diffusion_model_{original.replace('.', '_')}"


@pytest.mark.parametrize("family", ["sd15", "sd21", "sdxl"])
def test_a_name_stands_for_the_layer_that_has_it(family: str) -> None:
    components = _components(family)
    unet = components.denoiser
    assert isinstance(unet, UNet2DConditionModel)
    comfyui, originals = comfyui_unet_names(unet), original_unet_names(unet)

    for kohya, (component, name) in kohya_layers(components).items():
        assert kohya_name(components, component, name) == kohya
        if component == "unet" and name in originals:
            assert comfyui[kohya] == originals[name]


def test_comfyui_finds_every_layer_of_a_transformer(tmp_path: Path) -> None:
    sd3 = SD3Transformer2DModel(
        sample_size=8,
        num_layers=2,
        attention_head_dim=4,
        num_attention_heads=2,
        joint_attention_dim=8,
        caption_projection_dim=8,
        pooled_projection_dim=8,
        in_channels=4,
        out_channels=4,
        pos_embed_max_size=8,
    )
    flux = FluxTransformer2DModel(
        in_channels=4,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=8,
        num_attention_heads=1,
        joint_attention_dim=8,
        pooled_projection_dim=8,
        axes_dims_rope=(2, 2, 4),
    )
    clips = {
        "sd3": {
            "text_encoder": _clip(CLIPTextModelWithProjection),
            "text_encoder_2": _clip(CLIPTextModelWithProjection),
        },
        "flux": {"text_encoder": _clip()},
    }
    for family, network, num_single in (("sd3", sd3, 0), ("flux", flux, 2)):
        components = Components(
            family=family,
            denoiser_name="transformer",
            denoiser=network,
            text_encoders=clips[family],
        )
        options = MethodOptions(
            rank=1, targets=(Target.ATTENTION, Target.FEED_FORWARD), text_encoders=True
        )
        part = attach("lora", components, options, 0)
        assert isinstance(part, AdapterPart)
        path = write_kohya(part, tmp_path / f"{family}.safetensors", TrainingFacts(title="names"))
        names = {name.partition(".")[0] for name in load_file(path)}
        accepted = comfyui_transformer_names(2, num_single)
        assert names <= accepted | comfyui_clip_names(family, NUM_LAYERS)
        # The last block of SD3 computes no text, so that it lacks three layers.
        assert len(accepted - names) == (3 if family == "sd3" else 0)


def test_a_file_of_another_family_has_other_names() -> None:
    torch.manual_seed(0)
    assert not kohya_layers(_components("sdxl")).keys() & {
        "lora_unet_down_blocks_1_attentions_0_proj_in",
        "lora_te_text_model_encoder_layers_0_mlp_fc1",
    }
