"""What the training program says on the terminal beside its progress, and what it keeps quiet."""

import logging
import os

CHATTY_LOGGERS = ("mlflow", "alembic", "ray.train", "timm")


def configure_logging() -> None:
    """Our own messages in one line each; of the libraries, warnings only."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s", force=True)
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    # MLflow prints links of its own, and draws a bar for each file that it moves.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
