"""The version of the installed distribution."""

from importlib.metadata import version

DISTRIBUTION = "mlflow-fovea"


def own_version() -> str:
    return version(DISTRIBUTION)
