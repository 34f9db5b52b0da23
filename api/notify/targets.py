"""The services that notifications go to, as FOVEA_NOTIFY_URLS names them."""

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
    """A service: `name` for people, `key` for the record, which never holds the URL's secrets."""

    name: str
    key: str
    url: str = field(repr=False)

    @property
    def scheme(self) -> str:
        return scheme_of(self.key)


def load_targets(urls: Sequence[str]) -> list[Target]:
    """StartError says which of them Apprise does not take, without what may be secret in it."""
    for number, url in enumerate(urls, start=1):
        if not _is_service(url):
            raise StartError(
                f"FOVEA_NOTIFY_URLS: number {number} of {len(urls)} ({_scheme(url)}) is no URL of a "
                "service that Apprise knows, something is missing in it, or the service needs a "
                "package that is not installed: https://appriseit.com/services/"
            )
    times, seen = Counter(map(_scheme, urls)), Counter[str]()
    targets = []
    for url in urls:
        scheme = _scheme(url)
        seen[scheme] += 1
        digest = hashlib.sha256(url.encode(errors="surrogateescape")).hexdigest()[:_KEY_DIGITS]
        targets.append(
            Target(
                name=scheme if times[scheme] == 1 else f"{scheme} {seen[scheme]}",
                key=f"{scheme}:{digest}",
                url=url,
            )
        )
    return targets


def scheme_of(key: str) -> str:
    """The kind of service that a key on record belongs to."""
    return key.partition(":")[0]


def _scheme(url: str) -> str:
    """As far as it looks like one: whatever else a wrong setting holds is not shown."""
    found = re.match(r"[A-Za-z][A-Za-z0-9+.-]{0,31}(?=://)", url)
    return found[0].lower() if found else "without a scheme"


def _is_service(url: str) -> bool:
    # It takes a third of a second to import, and most commands notify nobody.
    import apprise  # noqa: PLC0415

    log = logging.getLogger("apprise")
    was_disabled, log.disabled = log.disabled, True
    try:
        return apprise.Apprise.instantiate(url) is not None
    finally:
        log.disabled = was_disabled
