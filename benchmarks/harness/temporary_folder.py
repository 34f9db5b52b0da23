"""The directory of one benchmark, which is gone with it, however it ends."""

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_folder() -> Iterator[Path]:
    # Told to end, a program would leave its servers and files behind; Ctrl-C cleans up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="fovea-bench-") as folder:
        yield Path(folder)
