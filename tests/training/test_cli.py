"""The command line: every setting has a flag, in both spellings, and wrong ones are named."""

import argparse
from pathlib import Path

import pytest

from training.__main__ import build_parser, main
from training.cli_options import given_values
from training.config import FrozenConfig, LaunchConfig
from training.errors import ConfigError
from training.recipe import LoopSpec
from training.recipes.classification.config import Preset
from training.recipes.registry import RECIPES, recipe_spec
from training.recipes.retinal.config import RetinalConfig, retinal_config


def parse(*arguments: str) -> argparse.Namespace:
    return build_parser("retinal").parse_args(["fit", *arguments])


def test_every_setting_has_a_flag() -> None:
    for config_class in (LaunchConfig, RetinalConfig):
        for name in config_class.model_fields:
            flag = f"--{name.replace('_', '-')}"
            assert vars(parse(flag, "1"))[name] == "1"
            assert vars(parse(f"--{name}", "1"))[name] == "1"


def test_only_given_values_are_returned() -> None:
    namespace = parse("--epochs", "3", "--weights", "", "--skip-bad-images")
    assert given_values(namespace, RetinalConfig) == {"epochs": "3", "skip_bad_images": "true"}


def test_an_empty_text_is_given_where_it_is_a_value() -> None:
    given = given_values(parse("--global-pool", "", "--norm-layer", ""), RetinalConfig)
    assert given == {"global_pool": ""}
    assert retinal_config({**given, "preset": "small"}, has_gpu=False).global_pool == ""


def test_paths_are_absolute_and_other_texts_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = retinal_config(
        {"data": "a/../b", "taxonomy": "~/t.yaml", "weights": "random", "backbone": "resnet18"},
        has_gpu=False,
    )
    assert config.data == str(tmp_path / "b")
    assert config.taxonomy == str(Path("~/t.yaml").expanduser())
    assert (config.weights, config.backbone) == ("random", "resnet18")
    assert retinal_config({}, has_gpu=False).data == ""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(("--gpus",), "true"), (("--gpus", "false"), "false"), (("--no-gpus",), "false")],
)
def test_a_switch_accepts_all_usual_forms(arguments: tuple[str, ...], expected: str) -> None:
    assert given_values(parse(*arguments), LaunchConfig) == {"gpus": expected}


def test_given_settings_override_the_preset_which_overrides_the_official_recipe() -> None:
    config = retinal_config({"epochs": "3", "preset": "small"}, has_gpu=False)
    assert config.epochs == 3
    assert config.backbone == "resnet18"
    assert config.weight_decay == 0.05


@pytest.mark.parametrize(
    ("has_gpu", "preset"), [(True, Preset.RETFOUND_MAE), (False, Preset.SMALL)]
)
def test_the_automatic_preset_depends_on_the_hardware(has_gpu: bool, preset: Preset) -> None:
    assert retinal_config({}, has_gpu=has_gpu).preset is preset


def test_the_default_is_the_official_fine_tuning_of_retfound() -> None:
    config = retinal_config({"preset": "retfound-mae", "weights": "random"}, has_gpu=True)
    expected = {
        "backbone": "vit_large_patch16_224",
        "weight_decay": 0.05,
        "layer_decay": 0.65,
        "drop_path": 0.2,
        "base_learning_rate": 5e-3,
        "warmup_epochs": 10,
        "epochs": 50,
        "image_size": 224,
        "rand_augment_magnitude": 9,
        "random_erasing": 0.25,
        "label_smoothing": 0.1,
    }
    assert {name: getattr(config, name) for name in expected} == expected


def test_a_resumed_run_repeats_the_launch_settings_that_it_is_not_given_anew() -> None:
    first = LaunchConfig.parse({"workers": "2", "register_as": "own", "run_name": "first"})
    again = LaunchConfig.parse({"run_id": "r", "workers": "1"}).repeating(first.repeated)
    assert (again.workers, again.register_as, again.run_id) == (1, "own", "r")
    assert again.run_name == ""
    assert again.max_failures == LaunchConfig().max_failures


def test_all_wrong_settings_are_named_at_once() -> None:
    with pytest.raises(ConfigError, match=r"epochs: .*'-1' came.*warmth is not a setting"):
        retinal_config({"epochs": "-1", "warmth": "2"}, has_gpu=False)


def test_help_describes_each_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("--help")
    text = capsys.readouterr().out
    assert "passes over the training split [50]" in text
    assert "ray|torchrun|single" in text


def test_an_unknown_recipe_is_refused_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["fit", "--recipe", "nothing"]) == 1
    assert "there is no 'nothing'; choose one of retinal" in capsys.readouterr().err


def test_a_command_alone_has_no_flags_of_the_others() -> None:
    parser = build_parser("retinal", "fit")
    assert parser.parse_args(["fit", "--epochs", "3"]).epochs == "3"
    with pytest.raises(SystemExit):
        parser.parse_args(["evaluate", "--split", "val"])


def numeric_fields() -> list[tuple[type[FrozenConfig], str]]:
    """Every number that a command of the program takes."""
    recipes = [recipe_spec(name) for name in RECIPES]
    classes: set[type[FrozenConfig]] = {LaunchConfig, *(it.config_class for it in recipes)}
    classes |= {it.evaluate_class for it in recipes if isinstance(it, LoopSpec)}
    return [
        (config_class, name)
        for config_class in sorted(classes, key=lambda it: it.__name__)
        for name, field in config_class.model_fields.items()
        if field.annotation in (int, float)
    ]


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1e309", "-1", "9" * 30, "1e300"])
@pytest.mark.parametrize(("config_class", "name"), numeric_fields())
def test_every_number_is_finite_and_in_a_range(
    config_class: type[FrozenConfig], name: str, number: str
) -> None:
    with pytest.raises(ConfigError, match=f"{name}: input should be .* came"):
        config_class.parse({name: number})
