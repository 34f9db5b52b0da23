"""Where our own packages lie, and how they come first on the path in spite of their common names."""

import os
from collections.abc import Mapping
from pathlib import Path

from api.errors import StartError

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
"""The folder that holds `api`, `training` and `tracking_plugin`."""


def own_environment(base: Mapping[str, str]) -> dict[str, str]:
    """`base` for a child process that must find our packages before all others of the same name."""
    others = [entry for entry in base.get("PYTHONPATH", "").split(os.pathsep) if entry]
    path = os.pathsep.join([str(ROOT), *(entry for entry in others if Path(entry) != ROOT)])
    # Without the safe path, `python -m` looks into the working directory even before PYTHONPATH.
    return {**base, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def require_own_api(directory: Path) -> None:
    """StartError where `directory`, first on a server's path, holds somebody else's `api`."""
    for candidate in (directory / "api" / "__init__.py", directory / "api.py"):
        if candidate.exists() and candidate.resolve().parent != PACKAGE:
            raise StartError(
                f"{candidate} would be imported instead of Fovea's own api package in {PACKAGE}: "
                "start the server with `fovea serve`, which puts Fovea's packages first, "
                "or from another directory"
            )
