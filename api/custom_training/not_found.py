"""The error about sessions that are not there."""

from api.errors import NotFoundError


class SessionNotFoundError(NotFoundError):
    def __init__(self) -> None:
        super().__init__("Session not found")
