"""Reads from Chromium's trace when each frame of a page was presented."""

import bisect
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

CATEGORIES = ["disabled-by-default-devtools.timeline.frame", "blink.user_timing"]
CLOCK_MARK = "clock"
"""A performance mark of the page; the trace has its time on the clocks of both."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A frame's commit, after the page's scripts, and its presentation; in ms since the page began."""

    committed_ms: float
    presented_ms: float


class FrameTrace:
    """The presented frames of a trace, in order."""

    def __init__(self, trace: bytes) -> None:
        events: list[dict[str, Any]] = json.loads(trace)["traceEvents"]
        (mark,) = [event for event in events if event["name"] == CLOCK_MARK]
        began_us = mark["ts"] - mark["args"]["data"]["startTime"] * 1000
        events = [event for event in events if event["pid"] == mark["pid"]]
        self.frames = sorted(_frames(events, began_us), key=lambda frame: frame.committed_ms)
        self._committed_ms = [frame.committed_ms for frame in self.frames]

    def presented_ms(self, drawn_ms: float) -> float:
        """When the frame was presented that contains what a script drew at `drawn_ms`."""
        index = bisect.bisect_left(self._committed_ms, drawn_ms)
        assert index < len(self.frames), "the trace ended before the frame was presented"
        return self.frames[index].presented_ms


def _frames(events: Sequence[dict[str, Any]], began_us: float) -> Iterator[Frame]:
    """Chromium traces each frame as nested intervals, with an id that it later reuses."""
    committed_us: dict[str, float] = {}
    is_presented: dict[str, bool] = {}
    for event in sorted(events, key=lambda event: event["ts"]):
        match event["name"], event["ph"]:
            case "PipelineReporter", "b":
                state = event["args"]["frame_reporter"]["state"]
                is_presented[event["id2"]["local"]] = state == "STATE_PRESENTED_ALL"
                committed_us.pop(event["id2"]["local"], None)
            case "Commit", "b":
                committed_us[event["id2"]["local"]] = event["ts"]
            case "PipelineReporter", "e":
                frame_id = event["id2"]["local"]
                if frame_id in committed_us and is_presented.get(frame_id):
                    yield Frame(
                        committed_ms=(committed_us[frame_id] - began_us) / 1000,
                        presented_ms=(event["ts"] - began_us) / 1000,
                    )
