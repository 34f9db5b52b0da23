"""Makes the data folder of a server or a training, which only its owner can enter unless it is shared on purpose."""

import logging
import os
import stat
from pathlib import Path

from tracking_plugin.private_files import PRIVATE_FOLDER

logger = logging.getLogger(__name__)

_OWN_FOLDERS = frozenset({"artifacts", "drawn", "logs", "mlruns", "projects", "ray", "work"})
_OTHER_USERS = 0o007
_GROUP_AND_OTHERS = 0o077


def make_data_folder(path: Path) -> Path:
    """Make the folder, with mode 0700 also if it exists, and return its absolute path.

    A folder is left as it is if its setgid bit says that a group shares it, if it belongs to another
    user, or if it has other folders than ours in it.
    """
    absolute = path.expanduser().absolute()
    absolute.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    mode = stat.S_IMODE(absolute.stat().st_mode)
    if not mode & _GROUP_AND_OTHERS:
        return absolute
    if not is_shared(absolute):
        absolute.chmod(PRIVATE_FOLDER)
    elif mode & _OTHER_USERS:
        logger.warning(
            "Other users of this machine can enter the data folder %s: take that right from them "
            "with chmod o-rwx, or name a folder of its own with FOVEA_DATA_DIR",
            absolute,
        )
    return absolute


def is_shared(folder: Path) -> bool:
    """Whether others use the folder as well, so that its permissions are not ours to change."""
    found = folder.stat()
    is_ours = found.st_uid == os.geteuid() and not found.st_mode & (stat.S_ISGID | stat.S_ISVTX)
    with os.scandir(folder) as entries:
        return not is_ours or any(
            entry.is_dir(follow_symlinks=False) and entry.name not in _OWN_FOLDERS
            for entry in entries
        )


def protect_file(path: Path) -> None:
    """Take a file of ours from other users, if there is one; in a folder that a group shares, not from the group.

    The file is not opened: closing a database that SQLite has open in this process would lose its locks.
    """
    taken = _OTHER_USERS if path.parent.stat().st_mode & stat.S_ISGID else _GROUP_AND_OTHERS
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    # A link leads to a place that its owner has chosen.
    is_ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
    if is_ours and stat.S_IMODE(found.st_mode) & taken:
        path.chmod(stat.S_IMODE(found.st_mode) & ~taken)
