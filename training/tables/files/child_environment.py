"""The environment of a process that reads a stranger's file."""

import os
import sys
from collections.abc import Mapping

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


def child_environment(base: Mapping[str, str]) -> dict[str, str]:
    """Without the settings and credentials of this process, which reading a file does not need."""
    inherited = {name: base[name] for name in _INHERITED if name in base}
    path = os.pathsep.join(os.path.abspath(folder) for folder in sys.path)  # noqa: PTH100, "" is the current folder
    return {**inherited, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
