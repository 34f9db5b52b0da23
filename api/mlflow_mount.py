"""MLflow's own application, mounted behind our routes."""

import re

from starlette.routing import Match, Mount
from starlette.types import Scope

# MLflow's interfaces under /api/ all begin with a version, such as /api/2.0/; the rest is ours.
_OURS = re.compile(r"/api/(?!\d+\.\d+(?:/|$))")


class MlflowMount(Mount):
    """Takes every path but ours, so that a wrong path or method of ours is refused in our shape."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if _OURS.match(scope.get("path", "")):
            return Match.NONE, {}
        return super().matches(scope)
