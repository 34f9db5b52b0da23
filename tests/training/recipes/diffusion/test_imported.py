"""Settings of other trainers become a command, and what is left out is named."""

from pathlib import Path

import pytest

from training.errors import ConfigError
from training.recipes.diffusion.config import diffusion_config
from training.recipes.diffusion.imported import command_line, import_settings

KOHYA = """
[model]
pretrained_model_name_or_path = "runwayml/stable-diffusion-v1-5"
[network]
network_module = "networks.lora"
network_dim = 8
network_alpha = 4
[training]
learning_rate = 2e-4
text_encoder_lr = 1e-4
max_train_steps = 1600
min_snr_gamma = 5
cache_latents = true
"""


def test_settings_of_kohya_are_settings_of_this_recipe(tmp_path: Path) -> None:
    path = tmp_path / "training.toml"
    path.write_text(KOHYA)
    settings, lines = import_settings(path)
    config = diffusion_config(settings)
    assert (config.base_model_id, config.rank, config.alpha) == (
        "runwayml/stable-diffusion-v1-5",
        8,
        4.0,
    )
    assert config.text_encoder_lr_scale == 0.5
    assert any("max_steps" in line and "--epochs" in line for line in lines)
    assert "--rank 8" in command_line(settings)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a configuration of kohya"):
        import_settings(tmp_path / "settings.json")
