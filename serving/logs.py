"""Configures the log of the service: one line each on standard error, without passwords and control characters."""

import logging
import os

from tracking_plugin.server_address import without_credentials
from tracking_plugin.terminal_output import plain, prepare_output

CHATTY_LOGGERS = ("alembic", "grpc", "highdicom", "mlflow", "pydicom", "ray", "timm")


class LineFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return plain(without_credentials(super().format(record)))


def configure_logging() -> None:
    """Print own messages, and only the warnings of libraries."""
    prepare_output()
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    # MLflow would print a progress bar for each file that it downloads.
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
