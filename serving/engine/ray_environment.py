"""Sets the environment variables that Ray reads when it is imported; so this module does not import it."""

import os

from serving.settings import StartError
from tracking_plugin.ray_head import LOCAL_ENVIRONMENT
from tracking_plugin.server_address import without_credentials

LOOPBACK_HOSTS = ("127.0.0.1", "localhost")
ONLY_LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


def prepare_environment(address: str) -> None:
    """Prepare for a cluster at `address`, or, without one, for a head of this process.

    Raises StartError if `address` is not that of a cluster.
    """
    if address.startswith("http"):
        raise StartError(
            f"FOVEA_SERVING_RAY_ADDRESS is a dashboard's address ({without_credentials(address)}), "
            "to which jobs are submitted: name the cluster as host:port."
        )
    if not address:
        os.environ.update(LOCAL_ENVIRONMENT)
    elif address.partition(":")[0] in LOOPBACK_HOSTS:
        # A head that listens on loopback alone is not found under this machine's other addresses.
        os.environ.setdefault(ONLY_LOOPBACK, LOCAL_ENVIRONMENT[ONLY_LOOPBACK])
