"""Reads how people name a version of a registered model: `visits`, `visits@champion`, `visits/3`."""

from dataclasses import dataclass

from tracking_plugin.names import CHAMPION

EXPECTED = "name, name@alias or name/version"
_SCHEME = "models:/"


@dataclass(frozen=True)
class RegisteredName:
    """A registered model with an alias or with a version."""

    name: str
    alias: str | None
    version: str | None


def registered_name(text: str) -> RegisteredName | None:
    """By default the champion; None if the text names no model. `models:/` may stand before it."""
    rest = text.strip().removeprefix(_SCHEME)
    name, at, alias = rest.partition("@")
    if at:
        is_right = bool(name and alias) and not set(name + alias) & set("@:/")
        return RegisteredName(name, alias, None) if is_right else None
    name, slash, version = rest.partition("/")
    if not name or ":" in name or (slash and not (version.isascii() and version.isdecimal())):
        return None
    if slash:
        return RegisteredName(name, None, str(int(version)))
    return RegisteredName(name, CHAMPION, None)
