"""Ensures that Fovea's packages, whose names are common, are imported before others of the same name."""

import os
from collections.abc import Mapping
from pathlib import Path

from api.errors import StartError

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
"""The folder that holds `api`, `training` and `tracking_plugin`."""


def own_environment(base: Mapping[str, str]) -> dict[str, str]:
    """`base` with settings that make a child process import Fovea's packages first."""
    others = [entry for entry in base.get("PYTHONPATH", "").split(os.pathsep) if entry]
    path = os.pathsep.join([str(ROOT), *(entry for entry in others if Path(entry) != ROOT)])
    # Without PYTHONSAFEPATH, `python -m` searches the working directory before PYTHONPATH.
    return {**base, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def require_own_api(directory: Path) -> None:
    """Raises StartError if `directory`, the first on a server's path, contains another `api`."""
    for candidate in (directory / "api" / "__init__.py", directory / "api.py"):
        if candidate.exists() and candidate.resolve().parent != PACKAGE:
            raise StartError(
                f"{candidate} would be imported instead of Fovea's own api package in {PACKAGE}: "
                "start the server with `fovea serve`, which puts Fovea's packages first, "
                "or from another directory"
            )
