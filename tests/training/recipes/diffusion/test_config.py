"""Settings that do not belong together are refused in sentences."""

from typing import Any

import pytest

from training.errors import ConfigError
from training.recipes.diffusion.config import diffusion_config


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"method": "textual_inversion"}, "needs a placeholder"),
        ({"placeholder": "<x>"}, "lora has no new word"),
        ({"class_data": "/data/dogs"}, "the method dreambooth does"),
        ({"method": "dreambooth", "class_data": "/data/dogs"}, "class_caption"),
        ({"check_images": 20}, "check_encoder"),
        ({"base_model": "/a", "base_model_id": "b/c"}, "leave one out"),
        ({"rank": 0}, "rank"),
        ({"sample_prompts": "x\n" * 17}, "at most 16 lines"),
        ({"method": "controlnet"}, "method"),
    ],
)
def test_settings_that_do_not_belong_together_are_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        diffusion_config(given)


def test_the_learning_rate_fits_the_method_and_the_optimizer() -> None:
    assert diffusion_config({}).learning_rate == 1e-4
    assert diffusion_config({"method": "full"}).learning_rate == 1e-5
    assert diffusion_config({"optimizer": "prodigy"}).learning_rate == 1.0
    assert diffusion_config({"optimizer": "prodigy", "learning_rate": 0.5}).learning_rate == 0.5


def test_prompts_are_lines() -> None:
    assert diffusion_config({"sample_prompts": " a \n\nb"}).prompts == ("a", "b")
