"""Recognises the errors of a disk without room, also those that libraries raise without a number."""

import errno

ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_WORDS = (
    # What the system calls the errors, in the messages of CatBoost, of shutil and of MLflow.
    *("No space left on device", "Disk quota exceeded", "File too large"),
    # XGBoost.
    "FileStream.Write incomplete",
    # LightGBM.
    "Cannot write binary data to",
)


def is_of_full_disk(error: BaseException) -> bool:
    """Whether this error, whatever it was raised from, is of a disk without room."""
    text = str(error)
    if isinstance(error, OSError):
        if error.errno in ERRNOS:
            return True
        # NumPy writes arrays without the number of the error.
        if error.errno is None and " requested and " in text and text.endswith(" written"):
            return True
    return any(words in text for words in _WORDS)
