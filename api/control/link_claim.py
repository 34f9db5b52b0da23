"""Decides which program may hold a run's control link: the one that has the run's secret.

Without that, any program could replace the real loop and acknowledge a pause of a run that goes on.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace

from api.control.silence import CONTROLLED_LIMIT_MS
from api.control.state import ControlState, connected, without_program
from api.errors import LockedError


class LinkHeldError(LockedError):
    """Another program, which has the run's secret, holds its control link."""

    def __init__(self) -> None:
        # A close frame has space for 123 bytes.
        super().__init__(
            "Another program holds this run's control link: it becomes free "
            f"{CONTROLLED_LIMIT_MS // 1000} s after that one's last report"
        )


class LinkTakenError(LockedError):
    """The link was held by this program, until another one took it over."""

    def __init__(self) -> None:
        super().__init__("Another program has taken over this run's control link")


@dataclass(frozen=True)
class LinkClaim:
    """The state of a run whose link is granted; the server keeps digests of secrets alone."""

    state: ControlState
    is_takeover: bool = False


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """The digest of a secret, as the database stores it; empty if there is no secret."""
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""


def claimed(
    state: ControlState, *, presented: str, fresh: str, now_ms: int, listening_since_ms: int
) -> LinkClaim:
    """Grant the link to a program that presents the digest `presented`.

    `fresh` is the digest of the secret that the program gets if it needs one. Raises LinkHeldError
    while another program holds the link: until its last report, and the time since when this server
    listens for reports, are longer ago than a run may be silent.
    """
    if not state.link_digest:
        return LinkClaim(replace(connected(without_program(state), now_ms), link_digest=fresh))
    if hmac.compare_digest(state.link_digest, presented):
        return LinkClaim(connected(state, now_ms))
    if _is_held(state, now_ms, listening_since_ms):
        raise LinkHeldError
    message = _takeover_message(now_ms - (state.heartbeat_ms or 0))
    taken = replace(
        connected(without_program(state), now_ms),
        link_digest=fresh,
        is_link_of_job=False,
        message=message,
    )
    return LinkClaim(taken, is_takeover=True)


def expecting_job(state: ControlState, digest: str) -> ControlState:
    """`state` before a job is submitted whose environment has the secret of `digest`."""
    return replace(
        state, link_digest=digest, is_link_of_job=True, has_link=False, heartbeat_ms=None
    )


def require_holder(state: ControlState, digest: str) -> ControlState:
    """`state` if the link of `digest` is still the run's. Raises LinkTakenError otherwise."""
    if not state.link_digest:
        # The run has ended and was started again, for example with the same program.
        return replace(state, link_digest=digest)
    if not hmac.compare_digest(state.link_digest, digest):
        raise LinkTakenError
    return state


def released(state: ControlState, digest: str) -> ControlState:
    """`state` after the holder has closed its link in order: the next program may have it at once.

    All programs of a job share the secret of the job, so it stays as long as the job.
    """
    if state.is_link_of_job or not hmac.compare_digest(state.link_digest, digest):
        return state
    return replace(state, link_digest="")


def _is_held(state: ControlState, now_ms: int, listening_since_ms: int) -> bool:
    if state.heartbeat_ms is None:
        # Its job is still starting.
        return True
    return now_ms - max(state.heartbeat_ms, listening_since_ms) <= CONTROLLED_LIMIT_MS


def _takeover_message(silent_ms: int) -> str:
    return (
        "Another program has taken over the control of this run: the one before had reported "
        f"nothing for {silent_ms // 1000} s"
    )
