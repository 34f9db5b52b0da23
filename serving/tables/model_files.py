"""Finds the model of tables in the files of a registered version, and refuses files of any other kind."""

from pathlib import Path

from serving.engine.model_file import ModelRefusedError, read_function
from training.recording.model_artifacts import TABLE_MODEL

SUFFIXES = frozenset({".cbm", ".json", ".skops", ".txt", ".ubj"})
"""JSON, boosters in the formats of their libraries, and scikit-learn in that of skops.

None of them can contain code that runs when it is loaded.
"""
MAX_FILES = 10_000
RECIPE = "tables"
HOW_TO_REGISTER = "deploy a project, or register it with `python -m training fit --recipe tables`"


def require_table_model(folder: Path, *, max_bytes: int) -> Path:
    """The folder that `TableModel.load` takes, in a folder of MLflow's. Raises ModelRefusedError.

    Nothing of the version is loaded, imported or executed here.
    """
    model = _artifact(folder)
    files = _files(model)
    size_bytes = sum(path.stat().st_size for path in files)
    if size_bytes > max_bytes:
        raise ModelRefusedError(
            f"its files have {size_bytes} bytes, and {max_bytes} are accepted: register a smaller "
            "model, or raise FOVEA_SERVING_MAX_TABLE_MODEL_BYTES of the service"
        )
    return model


def _artifact(folder: Path) -> Path:
    function = read_function(folder)
    entry = function.artifacts.get(TABLE_MODEL)
    if entry is None or function.config.get("recipe") != RECIPE:
        raise ModelRefusedError(
            f"expected a model of the recipe {RECIPE!r} with the artifact {TABLE_MODEL!r}, but it is "
            f"none. Other models are not served, because that would execute their code: "
            f"{HOW_TO_REGISTER}"
        )
    path = (folder / str(entry.get("path", ""))).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_dir():
        raise ModelRefusedError(f"its artifact {TABLE_MODEL!r} is not a folder of the model")
    return path


def _files(model: Path) -> list[Path]:
    found: list[Path] = []
    for path in model.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            continue
        if path.is_symlink() or not path.is_file() or path.suffix not in SUFFIXES:
            raise ModelRefusedError(
                f"expected files ending with {', '.join(sorted(SUFFIXES))}, but there is one ending "
                f"with {path.suffix[:20]!r} or a link. Pickles are not loaded, because that would "
                f"execute their code: {HOW_TO_REGISTER}"
            )
        found.append(path)
        if len(found) > MAX_FILES:
            raise ModelRefusedError(f"expected at most {MAX_FILES} files, but there are more")
    return found
