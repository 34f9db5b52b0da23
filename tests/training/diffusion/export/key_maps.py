"""The names of layers that ComfyUI and A1111 accept, by the rules of their loaders.

Written from the rules, not with the code under test: comfy/lora.py and comfy/utils.py of ComfyUI,
extensions-builtin/Lora/networks.py of A1111 (stable-diffusion-webui).
"""

import itertools
import re
from collections.abc import Iterable, Iterator

from diffusers import UNet2DConditionModel
from torch import nn

RESIDUAL = {
    "conv1": "in_layers.2",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
CLIP_LAYERS = (
    *("self_attn_q_proj", "self_attn_k_proj", "self_attn_v_proj", "self_attn_out_proj"),
    *("mlp_fc1", "mlp_fc2"),
)
DOUBLE_BLOCK = (
    *("attn.to_q", "attn.to_k", "attn.to_v", "attn.to_out.0"),
    *("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj", "attn.to_add_out"),
    *("ff.net.0.proj", "ff.net.2", "ff_context.net.0.proj", "ff_context.net.2"),
)
SINGLE_BLOCK = ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp", "proj_out")


def original_unet_names(unet: UNet2DConditionModel) -> dict[str, str]:
    """The layers' names in the original code by those in diffusers.

    It walks the network in the order in which the original constructor appends the blocks.
    """
    names = {"conv_in": "input_blocks.0.0", "conv_out": "out.2"}
    number = itertools.count(1)
    for level, block in enumerate(unet.down_blocks):
        for index in range(len(block.resnets)):
            names |= _block(unet, f"down_blocks.{level}", index, f"input_blocks.{next(number)}")
        if block.downsamplers is not None:
            names[f"down_blocks.{level}.downsamplers.0.conv"] = f"input_blocks.{next(number)}.0.op"
    for diffusers_name, original in (
        ("resnets.0", "middle_block.0"),
        ("attentions.0", "middle_block.1"),
        ("resnets.1", "middle_block.2"),
    ):
        names |= _inner(unet, f"mid_block.{diffusers_name}", original)
    number = itertools.count()
    for level, block in enumerate(unet.up_blocks):
        original = ""
        for index in range(len(block.resnets)):
            original = f"output_blocks.{next(number)}"
            names |= _block(unet, f"up_blocks.{level}", index, original)
        if block.upsamplers is not None:
            place = 2 if hasattr(block, "attentions") else 1
            names[f"up_blocks.{level}.upsamplers.0.conv"] = f"{original}.{place}.conv"
    return names


def comfyui_unet_names(unet: UNet2DConditionModel) -> dict[str, str]:
    """The layer of the original UNet by each name that ComfyUI accepts."""
    accepted = {}
    for diffusers_name, original in original_unet_names(unet).items():
        accepted[f"lora_unet_{_flat(original)}"] = original
        accepted[f"lora_unet_{_flat(diffusers_name)}"] = original
    return accepted


def comfyui_clip_names(family: str, num_layers: int) -> set[str]:
    prefixes = ("lora_te1", "lora_te2") if family in ("sdxl", "sd3") else ("lora_te1", "lora_te")
    if family in ("sd15", "sd21"):
        prefixes = ("lora_te",)
    return {
        f"{prefix}_text_model_encoder_layers_{index}_{layer}"
        for prefix in prefixes
        for index in range(num_layers)
        for layer in CLIP_LAYERS
    }


def comfyui_transformer_names(num_double: int, num_single: int) -> set[str]:
    blocks = [("transformer_blocks", index, DOUBLE_BLOCK) for index in range(num_double)]
    blocks += [("single_transformer_blocks", index, SINGLE_BLOCK) for index in range(num_single)]
    return {
        f"lora_transformer_{_flat(f'{block}.{index}.{layer}')}"
        for block, index, layers in blocks
        for layer in layers
    }


def a1111_module(name: str, *, is_sd2: bool) -> str:
    """The module that A1111 looks for, with underscores for dots."""
    rules = (
        (r"lora_unet_down_blocks_(\d+)_downsamplers_0_conv", _a1111_down),
        (r"lora_unet_up_blocks_(\d+)_upsamplers_0_conv", _a1111_up),
        (r"lora_unet_down_blocks_(\d+)_(attentions|resnets)_(\d+)_(.+)", _a1111_input),
        (r"lora_unet_up_blocks_(\d+)_(attentions|resnets)_(\d+)_(.+)", _a1111_output),
        (r"lora_unet_mid_block_(attentions|resnets)_(\d+)_(.+)", _a1111_middle),
    )
    for pattern, rule in rules:
        if match := re.fullmatch(pattern, name):
            return rule(*match.groups())
    if match := re.fullmatch(r"lora_te_text_model_encoder_layers_(\d+)_(.+)", name):
        index, layer = match.groups()
        if is_sd2:
            return f"model_transformer_resblocks_{index}_{_open_clip(layer)}"
        return f"transformer_text_model_encoder_layers_{index}_{layer}"
    if match := re.fullmatch(r"lora_te2_text_model_encoder_layers_(\d+)_(.+)", name):
        index, layer = match.groups()
        return f"1_model_transformer_resblocks_{index}_{_open_clip(layer)}"
    name = name.replace("lora_unet", "diffusion_model")
    return name.replace("lora_te1_text_model", "0_transformer_text_model")


def a1111_modules(unet: UNet2DConditionModel, family: str, num_layers: int) -> set[str]:
    """The modules of the original model, as A1111 lists them."""
    modules = {
        f"diffusion_model_{_flat(original)}" for original in original_unet_names(unet).values()
    }
    clip = [f"text_model_encoder_layers_{i}_{layer}" for i, layer in _clip(num_layers)]
    open_clip = [
        f"model_transformer_resblocks_{i}_{_open_clip(layer)}" for i, layer in _clip(num_layers)
    ]
    if family == "sd15":
        return modules | {f"transformer_{name}" for name in clip}
    if family == "sd21":
        return modules | set(open_clip)
    return modules | {f"0_transformer_{name}" for name in clip} | {f"1_{n}" for n in open_clip}


def _clip(num_layers: int) -> Iterable[tuple[int, str]]:
    return itertools.product(range(num_layers), CLIP_LAYERS)


def _open_clip(layer: str) -> str:
    if layer.startswith("mlp"):
        return {"mlp_fc1": "mlp_c_fc", "mlp_fc2": "mlp_c_proj"}[layer]
    return layer.replace("self_attn", "attn")


def _a1111_down(level: str) -> str:
    return f"diffusion_model_input_blocks_{3 + int(level) * 3}_0_op"


def _a1111_up(level: str) -> str:
    place = 2 if int(level) > 0 else 1
    return f"diffusion_model_output_blocks_{2 + int(level) * 3}_{place}_conv"


def _a1111_input(level: str, kind: str, index: str, layer: str) -> str:
    number = 1 + int(level) * 3 + int(index)
    return f"diffusion_model_input_blocks_{number}_{_a1111_layer(kind, layer)}"


def _a1111_output(level: str, kind: str, index: str, layer: str) -> str:
    number = int(level) * 3 + int(index)
    return f"diffusion_model_output_blocks_{number}_{_a1111_layer(kind, layer)}"


def _a1111_middle(kind: str, index: str, layer: str) -> str:
    place = 1 if kind == "attentions" else int(index) * 2
    layer = _flat(RESIDUAL[layer]) if kind == "resnets" else layer
    return f"diffusion_model_middle_block_{place}_{layer}"


def _a1111_layer(kind: str, layer: str) -> str:
    return f"1_{layer}" if kind == "attentions" else f"0_{_flat(RESIDUAL[layer])}"


def _block(unet: nn.Module, block: str, index: int, original: str) -> dict[str, str]:
    names = _inner(unet, f"{block}.resnets.{index}", f"{original}.0")
    if hasattr(unet.get_submodule(block), "attentions"):
        names |= _inner(unet, f"{block}.attentions.{index}", f"{original}.1")
    return names


def _inner(unet: nn.Module, path: str, original: str) -> dict[str, str]:
    return {
        f"{path}.{name}": f"{original}.{RESIDUAL.get(name, name)}"
        for name in _layers(unet.get_submodule(path))
    }


def _layers(module: nn.Module) -> Iterator[str]:
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Linear | nn.Conv2d) and ".trained" not in name:
            yield name.removesuffix(".base_layer")


def _flat(name: str) -> str:
    return name.replace(".", "_")
