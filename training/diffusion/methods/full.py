"""Full fine-tuning: trains every weight of the denoiser, and of the text encoders if asked to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from training.diffusion.methods.components import Components
from training.diffusion.methods.options import MethodOptions
from training.diffusion.methods.trained_part import (
    TrainedPart,
    enable_gradient_checkpointing,
    freeze,
    replaced_values,
)


class FullPart(TrainedPart):
    """All weights of some networks. It keeps those of the base model in main memory."""

    def __init__(self, *, base: Mapping[str, Tensor], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._base = base

    @contextmanager
    def adapter_off(self) -> Iterator[None]:
        with replaced_values(self.trained_parameters(), self._base):
            yield


def attach(components: Components, options: MethodOptions, _seed: int) -> FullPart:
    """Train the weights as they are, for which no random number is drawn."""
    freeze(components)
    networks = dict(components.networks(text_encoders=options.text_encoders))
    trained = {
        f"{component}.{name}": parameter
        for component, network in networks.items()
        for name, parameter in network.named_parameters()
        if components.is_read(component, name)
    }
    if options.gradient_checkpointing:
        for network in networks.values():
            enable_gradient_checkpointing(network)
    return FullPart(
        kind="full",
        components=components,
        base={name: parameter.detach().cpu().clone() for name, parameter in trained.items()},
        trained=trained,
        networks=networks,
        in_training_mode=networks,
        lr_scales=dict.fromkeys(components.text_encoders, options.text_encoder_lr_scale),
    )
