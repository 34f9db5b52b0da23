"""Decides by the header Host whether a request is meant for this server, which prevents DNS rebinding."""

import fnmatch
import ipaddress
from dataclasses import dataclass

from mlflow.environment_variables import MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE
from mlflow.server.security_utils import get_allowed_hosts_from_env, get_default_allowed_hosts
from starlette.datastructures import Headers
from starlette.types import Scope

from api.errors import ForbiddenError
from api.middleware.allowed_origins import Origin, quoted

ANY_HOST = "*"
_OF_ADDRESSES = frozenset("0123456789.*")


@dataclass(frozen=True)
class AllowedHosts:
    """The hosts come from MLflow's settings, so that one setting governs both."""

    patterns: tuple[str, ...]
    """Each exact, or with `*` for any characters; `*` alone admits every host."""

    def refuse(self, scope: Scope) -> ForbiddenError | None:
        """The error if the request does not name exactly one host, and an allowed one."""
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) == 1 and self._admits(hosts[0]):
            return None
        return ForbiddenError(
            f"The Host {quoted(hosts)} is not allowed: add it to MLFLOW_SERVER_ALLOWED_HOSTS "
            "if it is this server's"
        )

    def _admits(self, host: str) -> bool:
        if ANY_HOST in self.patterns:
            return bool(host)
        if (parsed := Origin.parse(f"http://{host}")) is None:
            return False
        is_address = _is_address(parsed.host)
        return any(_matches(pattern, host, is_address=is_address) for pattern in self.patterns)


def load_allowed_hosts() -> AllowedHosts:
    """The hosts that MLflow's environment variables allow; by default this machine and private addresses."""
    if MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE.get() == "true":
        return AllowedHosts((ANY_HOST,))
    return AllowedHosts(tuple(get_allowed_hosts_from_env() or get_default_allowed_hosts()))


def _matches(pattern: str, host: str, *, is_address: bool) -> bool:
    if "*" not in pattern:
        return host == pattern
    # MLflow's own patterns for private networks, such as 10.*, match 10.attacker.example too.
    if _is_of_addresses(pattern) and not is_address:
        return False
    return fnmatch.fnmatchcase(host, pattern)


def _is_of_addresses(pattern: str) -> bool:
    """Whether the pattern stands for IP addresses, as 192.168.* does."""
    host = pattern.partition(":")[0]
    return any(character.isdigit() for character in host) and _OF_ADDRESSES.issuperset(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
