"""Lets the processes that load data exchange tensors also where TMPDIR is too long for a socket's path."""

import os
import shutil
import tempfile
from multiprocessing import current_process, util
from pathlib import Path

from tracking_plugin.ray_folder import SHORT_PARENTS, has_room_for_multiprocessing


def keep_socket_paths_short() -> None:
    """Put this program's sockets into a short folder if TMPDIR is too long; call it before any loader starts.

    Loaders would otherwise wait for ever for the first tensor.
    """
    # The name under which multiprocessing and its children look for the folder.
    settings: dict[str, object] = current_process()._config  # type: ignore[attr-defined] # noqa: SLF001
    parent = Path(tempfile.gettempdir())
    if settings.get("tempdir") or has_room_for_multiprocessing(parent):
        return
    short = next((each for each in SHORT_PARENTS if os.access(each, os.W_OK)), parent)
    folder = tempfile.mkdtemp(prefix="pymp-", dir=short)
    util.Finalize(None, shutil.rmtree, args=(folder, True), exitpriority=-100)
    settings["tempdir"] = folder
