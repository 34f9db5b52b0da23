"""The paths that Fovea answers itself; MLflow answers all others."""

import re

LIVE_PATH = "/ws"

# MLflow's own paths under /api/ begin with a version number, such as /api/2.0/.
_OWN_PATH = re.compile(rf"/api/(?!\d+\.\d+(?:/|$))|{LIVE_PATH}$|/monitor(?:/|$)")


def is_own_path(path: str) -> bool:
    return _OWN_PATH.match(path) is not None
