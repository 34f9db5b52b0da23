"""When notifications are sent: the waits, which api/settings.py sets, in milliseconds."""

from dataclasses import dataclass
from typing import Self

from api.settings import Settings


@dataclass(frozen=True, kw_only=True)
class NotificationTiming:
    """From the settings FOVEA_NOTIFY_WAIT_S, FOVEA_NOTIFY_INTERVAL_S and FOVEA_NOTIFY_REPEAT_S."""

    wait_ms: int
    """How long the first alert of a run waits for others."""
    interval_ms: int
    """The shortest time between two messages about a run, unless an alert is critical."""
    repeat_ms: int
    """A reminder of open alerts is written after this time."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            wait_ms=int(settings.notify_wait_s * 1000),
            interval_ms=int(settings.notify_interval_s * 1000),
            repeat_ms=int(settings.notify_repeat_s * 1000),
        )
