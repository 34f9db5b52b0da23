"""Lines of a log, and how serious they are by what they say themselves."""

import re
from enum import StrEnum

from pydantic import BaseModel

_SEEN_CHARACTERS = 120
_WORD = re.compile(r"\b(DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)\b")
_FAILURE = re.compile(r"^(Traceback \(most recent call last\)|\w*(Error|Exception)\b)")


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class LogLine(BaseModel):
    level: LogLevel
    message: str


_LEVELS = {"WARN": LogLevel.WARNING, "FATAL": LogLevel.CRITICAL}


def log_level(line: str) -> LogLevel:
    """The level that a line names at its beginning; INFO where it names none."""
    head = line[:_SEEN_CHARACTERS]
    if found := _WORD.search(head):
        return _LEVELS.get(found[1]) or LogLevel(found[1].lower())
    return LogLevel.ERROR if _FAILURE.match(head) else LogLevel.INFO
