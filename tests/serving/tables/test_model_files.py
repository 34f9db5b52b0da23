"""Only files of a model of tables are loaded: no pickle, no link, nothing outside the model."""

import pickle
from pathlib import Path

import pytest
import yaml

from serving.engine.model_file import ModelRefusedError
from serving.tables.model_files import require_table_model

MAX_BYTES = 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = tmp_path / "artifacts" / "saved"
    model.mkdir(parents=True)
    (model / "model.json").write_text("{}")
    describe(tmp_path)
    return tmp_path


def describe(folder: Path, *, path: str = "artifacts/saved", recipe: str = "tables") -> None:
    function = {"config": {"recipe": recipe}, "artifacts": {"model": {"path": path}}}
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": {"python_function": function}}))


def refusal(folder: Path) -> str:
    with pytest.raises(ModelRefusedError) as refused:
        require_table_model(folder, max_bytes=MAX_BYTES)
    return str(refused.value)


def test_the_folder_of_a_model_is_found(folder: Path) -> None:
    found = require_table_model(folder, max_bytes=MAX_BYTES)
    assert found == (folder / "artifacts" / "saved").resolve()


def test_a_pickle_among_the_files_is_refused(folder: Path) -> None:
    (folder / "artifacts" / "saved" / "model.pkl").write_bytes(pickle.dumps("x"))
    assert "Pickles are not loaded" in refusal(folder)


def test_a_link_is_refused(folder: Path) -> None:
    (folder / "artifacts" / "saved" / "weights.json").symlink_to("/etc/hostname")
    assert "a link" in refusal(folder)


def test_a_folder_outside_the_model_is_refused(folder: Path) -> None:
    describe(folder, path="../..")
    assert "not a folder of the model" in refusal(folder)


def test_a_model_of_another_recipe_is_refused(folder: Path) -> None:
    describe(folder, recipe="retinal")
    assert "recipe 'tables'" in refusal(folder)


def test_a_model_that_is_too_large_is_refused(folder: Path) -> None:
    (folder / "artifacts" / "saved" / "model.txt").write_text("x" * MAX_BYTES)
    assert "MAX_TABLE_MODEL_BYTES" in refusal(folder)


def test_another_flavour_is_refused(folder: Path) -> None:
    (folder / "MLmodel").write_text("flavors: {sklearn: {}}\n")
    assert "python_function" in refusal(folder)
