"""Decides whether a run is silent: whether its last sign of life is too old.

A run that the server controls sends a heartbeat every HEARTBEAT_S, so it is silent soon. Of any
other run each logged metric is a sign of life, and FOVEA_SILENT_AFTER_S is the longest wait for one.
"""

from tracking_plugin.control_messages import HEARTBEAT_S

MISSED_HEARTBEATS = 3
CONTROLLED_LIMIT_MS = int(MISSED_HEARTBEATS * HEARTBEAT_S * 1000)

SILENT_MESSAGE = (
    f"The run has sent no heartbeat for {CONTROLLED_LIMIT_MS // 1000} s: its process, machine or "
    "network may be gone"
)


def silence_limit_ms(*, is_controlled: bool, silent_after_s: float) -> int:
    """How old the last sign of life may be; `silent_after_s` is the setting."""
    return CONTROLLED_LIMIT_MS if is_controlled else int(silent_after_s * 1000)


def is_silent(last_sign_ms: float, now_ms: float, *, limit_ms: int) -> bool:
    """Whether the last sign of life is older than `limit_ms`; both times are of the same clock."""
    return now_ms - last_sign_ms > limit_ms
