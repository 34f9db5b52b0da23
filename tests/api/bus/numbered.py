"""Numbered events, which reveal lost, duplicate and swapped ones."""

from collections.abc import Iterable

from api.bus.protocol import Bus
from tracking_plugin.events import LoggedPoint, MetricsLogged, RunEvent


def event(number: int, run_id: str = "a", padding: str = "") -> MetricsLogged:
    return MetricsLogged(
        run_id=run_id, accepted_ms=number, points=[LoggedPoint(padding, 0.5, number, number)]
    )


def events(*numbers: int, run_id: str = "a") -> list[MetricsLogged]:
    return [event(number, run_id) for number in numbers]


def numbers(events: Iterable[RunEvent]) -> list[int]:
    return [event.accepted_ms for event in events]


def publish(bus: Bus, *numbers: int) -> None:
    for number in numbers:
        bus.publish(event(number))
