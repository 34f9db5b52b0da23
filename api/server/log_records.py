"""Keeps a log line one line: text of a request cannot end it, colour it or turn it round."""

import logging
import traceback
from collections.abc import Mapping
from typing import Any

TRACEBACK_PREFIX = "  | "
"""Before each line of a traceback, so that none of them reads as a line of the log."""


class OneLineRecord(logging.LogRecord):
    """A record whose texts have escape sequences in place of control and direction characters."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        if isinstance(self.args, tuple):
            self.args = tuple(map(_escaped_text, self.args))
        elif isinstance(self.args, Mapping):
            self.args = {name: _escaped_text(value) for name, value in self.args.items()}
        if self.exc_info and self.exc_info[0] is not None:
            lines = "".join(traceback.format_exception(*self.exc_info)).rstrip("\n").split("\n")
            # Formatters print this text instead of a traceback of their own.
            self.exc_text = "\n".join(TRACEBACK_PREFIX + escaped(line) for line in lines)

    def getMessage(self) -> str:  # noqa: N802 - the name in the standard library
        message = super().getMessage()
        # Uvicorn colours its own sentences; their arguments are escaped already.
        return message if "color_message" in self.__dict__ else escaped(message)


def install_one_line_records() -> None:
    """From now on every logger of this process writes such records."""
    logging.setLogRecordFactory(OneLineRecord)


def escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escape(each) for each in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _escaped_text(value: object) -> object:
    return escaped(value) if isinstance(value, str) else value
