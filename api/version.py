"""The version of this distribution."""

from importlib.metadata import version

DISTRIBUTION = "mlflow-fovea"


def own_version() -> str:
    """As installed, so that a server never claims to be newer than it is."""
    return version(DISTRIBUTION)
