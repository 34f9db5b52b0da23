"""A benchmark's temporary directory, which is removed however the benchmark ends."""

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_folder() -> Iterator[Path]:
    # SIGTERM alone would leave servers and files behind; as KeyboardInterrupt it cleans up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="fovea-bench-") as folder:
        yield Path(folder)
