"""Reads the services that receive notifications from FOVEA_NOTIFY_URLS."""

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from api.errors import StartError

_KEY_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class Target:
    """A service: `name` is for people, `key` is stored and contains no secrets of the URL."""

    name: str
    key: str
    url: str = field(repr=False)

    @property
    def scheme(self) -> str:
        return scheme_of(self.key)


def load_targets(urls: Sequence[str]) -> list[Target]:
    """Raises StartError for a URL that Apprise does not accept, without the secrets in it."""
    for number, url in enumerate(urls, start=1):
        if not _is_service(url):
            raise StartError(
                f"FOVEA_NOTIFY_URLS: number {number} of {len(urls)} ({_scheme(url)}) is no URL of a "
                "service that Apprise knows, is incomplete, or needs a package that is not "
                "installed: https://appriseit.com/services/"
            )
    totals, numbers = Counter(map(_scheme, urls)), Counter[str]()
    targets = []
    for url in urls:
        scheme = _scheme(url)
        numbers[scheme] += 1
        digest = hashlib.sha256(url.encode(errors="surrogateescape")).hexdigest()[:_KEY_DIGITS]
        targets.append(
            Target(
                name=scheme if totals[scheme] == 1 else f"{scheme} {numbers[scheme]}",
                key=f"{scheme}:{digest}",
                url=url,
            )
        )
    return targets


def scheme_of(key: str) -> str:
    """The kind of service that a stored key belongs to."""
    return key.partition(":")[0]


def _scheme(url: str) -> str:
    """The scheme of a URL. Nothing else of a wrong setting is shown, as it may be secret."""
    found = re.match(r"[A-Za-z][A-Za-z0-9+.-]{0,31}(?=://)", url)
    return found[0].lower() if found else "without a scheme"


def _is_service(url: str) -> bool:
    # Importing it takes a third of a second, and most commands send no notifications.
    import apprise  # noqa: PLC0415

    log = logging.getLogger("apprise")
    was_disabled, log.disabled = log.disabled, True
    try:
        return apprise.Apprise.instantiate(url) is not None
    finally:
        log.disabled = was_disabled
