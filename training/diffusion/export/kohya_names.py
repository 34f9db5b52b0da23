"""The names of layers in kohya's files, which ComfyUI and A1111 read.

A name is a prefix for the network, then the name of the layer with underscores for dots. For
Stable Diffusion 1 and 2 that is its name in diffusers, for SDXL the original one (`sgm_names`).
For the transformers of Stable Diffusion 3 and Flux it is the name in diffusers behind
`lora_transformer`, OneTrainer's prefix, which ComfyUI reads; kohya's own names for them are of
layers that join several of diffusers' layers.
"""

from collections.abc import Iterator

from torch import nn

from training.diffusion.export.sgm_names import sgm_name
from training.diffusion.methods.adapters import ADAPTER
from training.diffusion.methods.components import Components

TEXT_MODEL = "text_model."
"""Before the names of CLIP's layers; transformers 5.6 and later have left it out of CLIPTextModel."""

DENOISER_PREFIXES = {"unet": "lora_unet", "transformer": "lora_transformer"}
TEXT_ENCODER_PREFIXES = {
    "text_encoder": "lora_te1",
    "text_encoder_2": "lora_te2",
    "text_encoder_3": "lora_te3",
}


def kohya_name(components: Components, component: str, name: str) -> str:
    """The name in kohya's files of the layer `name` of a network."""
    prefix = _prefix(components, component)
    if component != components.denoiser_name:
        name = with_text_model(name)
    elif components.family == "sdxl":
        name = sgm_name(components.denoiser, name)
    return f"{prefix}_{name.replace('.', '_')}"


def kohya_layers(components: Components) -> dict[str, tuple[str, str]]:
    """The network and the name of each layer of the base model, by its name in kohya's files."""
    layers = {}
    for component, network in components.networks():
        for name in layer_names(network):
            try:
                layers[kohya_name(components, component, name)] = (component, name)
            except ValueError:
                # Kohya's files cannot name it, so they do not.
                continue
    return layers


def layer_names(network: nn.Module) -> Iterator[str]:
    """The names of the linear and convolutional layers, whether adapters are attached or not."""
    for name, module in network.named_modules():
        is_layer = isinstance(module, nn.Linear | nn.Conv2d)
        if is_layer and f".{ADAPTER}" not in name:
            yield name.removesuffix(".base_layer")


def with_text_model(name: str) -> str:
    """The name of a text encoder's layer as all versions but the newest transformers have it."""
    is_flattened = name.startswith(("encoder.layers.", "embeddings.", "final_layer_norm"))
    return f"{TEXT_MODEL}{name}" if is_flattened else name


def _prefix(components: Components, component: str) -> str:
    if component == components.denoiser_name:
        return DENOISER_PREFIXES[component]
    if components.family in ("sd15", "sd21"):
        return "lora_te"
    if components.family == "flux" and component == "text_encoder_2":
        # The number is that of the encoder in Stable Diffusion 3: T5 is the third.
        return TEXT_ENCODER_PREFIXES["text_encoder_3"]
    return TEXT_ENCODER_PREFIXES[component]
