"""Configures the log messages of the training program on the terminal."""

import logging
import os

from tracking_plugin.server_address import without_credentials
from tracking_plugin.terminal_output import plain, prepare_output

CHATTY_LOGGERS = ("mlflow", "alembic", "ray.train", "timm")


class TerminalFormatter(logging.Formatter):
    """Shows neither passwords in URLs nor characters that move the cursor, also in tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        return plain(without_credentials(super().format(record)))


def configure_logging() -> None:
    """Print own messages in one line each, and only the warnings of libraries."""
    prepare_output()
    handler = logging.StreamHandler()
    handler.setFormatter(TerminalFormatter("%(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    # MLflow would print its own links, and a progress bar for each file that it transfers.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
