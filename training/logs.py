"""Configures the log messages of the training program on the terminal."""

import logging
import os

CHATTY_LOGGERS = ("mlflow", "alembic", "ray.train", "timm")


def configure_logging() -> None:
    """Print own messages in one line each, and only the warnings of libraries."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s", force=True)
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    # MLflow would print its own links, and a progress bar for each file that it transfers.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
