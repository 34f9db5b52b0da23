"""Tiny pipelines of each family, written once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.diffusion.tiny_pipelines import WRITERS
from training.diffusion.families.family import Family, load_family


def _folder(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return WRITERS[name](tmp_path_factory.mktemp("pipelines") / name)


@pytest.fixture(scope="session")
def sd15_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _folder("sd15", tmp_path_factory)


@pytest.fixture(scope="session")
def sd21_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _folder("sd21", tmp_path_factory)


@pytest.fixture(scope="session")
def sdxl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _folder("sdxl", tmp_path_factory)


@pytest.fixture(scope="session")
def sd3_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _folder("sd3", tmp_path_factory)


@pytest.fixture(scope="session")
def flux_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _folder("flux", tmp_path_factory)


@pytest.fixture(scope="session", params=list(WRITERS))
def any_folder(request: pytest.FixtureRequest) -> Path:
    """The pipeline of each family in turn; tests must not change it."""
    folder: Path = request.getfixturevalue(f"{request.param}_folder")
    return folder


@pytest.fixture(scope="session")
def any_family(any_folder: Path) -> Family:
    """The base model of each family in turn; tests must leave it as it was."""
    return load_family(any_folder)


@pytest.fixture
def tiny_folder(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """The pipeline of a family by its name; tests must not change it."""

    def folder(family: str) -> Path:
        path: Path = request.getfixturevalue(f"{family}_folder")
        return path

    return folder
