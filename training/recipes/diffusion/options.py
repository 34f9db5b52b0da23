"""Turns the settings of the recipe into those of a method."""

from training.diffusion.methods.options import MethodOptions, Placeholder, Target
from training.recipes.diffusion.config import DiffusionConfig, Targets

TARGETS = {
    Targets.ATTENTION: (Target.ATTENTION,),
    Targets.LINEAR: (Target.ATTENTION, Target.FEED_FORWARD),
    Targets.ALL: (Target.ATTENTION, Target.FEED_FORWARD, Target.CONVOLUTION),
}


def method_options(config: DiffusionConfig) -> MethodOptions:
    placeholders: tuple[Placeholder, ...] = ()
    if config.placeholder:
        placeholders = (
            Placeholder(
                token=config.placeholder,
                initial=config.initial_words,
                num_vectors=config.num_vectors,
            ),
        )
    return MethodOptions(
        rank=config.rank,
        alpha=config.alpha,
        dropout=config.dropout,
        targets=TARGETS[config.targets],
        text_encoders=config.train_text_encoders,
        text_encoder_lr_scale=config.text_encoder_lr_scale,
        placeholders=placeholders,
        trains=str(config.dreambooth_trains),
        gradient_checkpointing=config.gradient_checkpointing,
    )
