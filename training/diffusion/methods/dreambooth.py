"""DreamBooth: binds a rare word to a subject (Ruiz et al. 2022, arXiv 2208.12242).

It trains LoRA adapters or the whole model. What keeps the subject's class as it was, the prior
preservation, is in the data and in the loss.
"""

from training.diffusion.methods import full, lora
from training.diffusion.methods.components import Components
from training.diffusion.methods.options import MethodOptions
from training.diffusion.methods.trained_part import TrainedPart
from training.errors import ConfigError


def attach(components: Components, options: MethodOptions, seed: int) -> TrainedPart:
    if options.trains == "lora":
        return lora.attach(components, options, seed)
    if options.trains == "full":
        return full.attach(components, options, seed)
    raise ConfigError(f"trains: {options.trains!r} was given; dreambooth trains 'lora' or 'full'.")
