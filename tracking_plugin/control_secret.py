"""How a run's program shows the server that it is the one that trains the run, and no other.

The server puts a secret into the environment of each job that it starts. To the first control link of
any other run it sends one, which RunControl keeps. Both are presented with each further connection.
"""

import os

LINK_HEADER = "X-Fovea-Control-Secret"
"""Header of the handshake that presents the secret."""

LINK_VARIABLE = "FOVEA_CONTROL_SECRET"
"""Environment variable of a job that has its secret."""


def secret_of_job() -> str:
    """The secret that the server gave to this process's job; empty if it was started otherwise."""
    return os.environ.get(LINK_VARIABLE, "")
