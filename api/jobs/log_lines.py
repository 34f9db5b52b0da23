"""Lines of a log, each with the level that its text names."""

import re
from enum import StrEnum

from pydantic import BaseModel

_SEARCHED_CHARS = 120
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
    """The level named at the beginning of the line, else INFO, or ERROR for an exception."""
    head = line[:_SEARCHED_CHARS]
    if found := _WORD.search(head):
        return _LEVELS.get(found[1]) or LogLevel(found[1].lower())
    return LogLevel.ERROR if _FAILURE.match(head) else LogLevel.INFO
