"""DoRA: LoRA with a trained length for each output (Liu et al. 2024, arXiv 2402.09353)."""

from functools import partial

from training.diffusion.methods.adapters import AdapterPart, attach_adapters
from training.diffusion.methods.components import Components
from training.diffusion.methods.layers import adapted_layers
from training.diffusion.methods.lora import lora_config
from training.diffusion.methods.options import MethodOptions


def attach(components: Components, options: MethodOptions, seed: int) -> AdapterPart:
    layers = adapted_layers(components, options)
    configs = partial(lora_config, use_dora=True)
    return attach_adapters("dora", components, options, seed, layers=layers, configs=configs)
