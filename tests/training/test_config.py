"""Settings are validated once, and each error is a sentence that names the field."""

import os
from pathlib import Path

import pytest

from tracking_plugin.data_roots import DataRoots
from training.config import EvaluateConfig
from training.errors import ConfigError
from training.recipes.retinal.config import RetinalConfig


@pytest.mark.parametrize("field", ["data", "weights", "taxonomy", "backbone"])
def test_a_text_that_is_not_utf_8_is_refused_before_anything_is_recorded(field: str) -> None:
    with pytest.raises(ConfigError, match=f"{field}: expected text in UTF-8") as refused:
        RetinalConfig.parse({field: os.fsdecode(b"/data/r\xe9tine")})
    str(refused.value).encode()


@pytest.mark.parametrize(
    ("config_class", "field"),
    [
        (RetinalConfig, "data"),
        (RetinalConfig, "weights"),
        (RetinalConfig, "taxonomy"),
        (EvaluateConfig, "data"),
    ],
)
def test_every_path_must_be_in_an_allowed_folder(
    config_class: type[RetinalConfig] | type[EvaluateConfig], field: str, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to("/etc")
    roots = DataRoots((tmp_path,))
    config_class.parse({field: str(tmp_path / "new")}).require_paths_in(roots)
    for path in ("/etc/shadow", f"{tmp_path}/../shadow", f"{tmp_path}/link/shadow"):
        with pytest.raises(ConfigError, match=f"{field}: .*FOVEA_DATA_ROOTS"):
            config_class.parse({field: path}).require_paths_in(roots)
