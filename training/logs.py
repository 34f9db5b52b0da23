"""What the training program says on the terminal beside its progress, and what it keeps quiet."""

import logging
import os
import warnings

CHATTY_LOGGERS = ("mlflow", "alembic", "ray.train", "timm")


def configure_logging() -> None:
    """Our own messages in one line each; of the libraries, warnings only."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s", force=True)
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    # The registered model has a signature already; MLflow would have another from type hints.
    warnings.filterwarnings("ignore", message=".*[Tt]ype hint", module="mlflow")
    # MLflow draws a bar for each file that it moves.
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
