"""Reads the reports of a run, and refuses those that cannot be true."""

import re
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from tracking_plugin.control_messages import (
    MAX_MESSAGE_CHARS,
    MAX_OPEN_INSTRUCTIONS,
    MAX_STEP,
    ConsoleLines,
    Report,
    decode_console,
    decode_report,
)
from tracking_plugin.instruction_names import checked_names
from tracking_plugin.printable import printable

_PROGRAM = re.compile(r"[0-9A-Za-z]{0,64}")


class BadReportError(ValueError):
    """The message is no report."""


def read_console(text: str | bytes) -> ConsoleLines | None:
    """The lines that the run has printed; None if the message is something else."""
    try:
        lines = decode_console(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return None if lines.console is msgspec.UNSET else lines


def read_report(text: str | bytes) -> Report:
    """Raises BadReportError, whose message goes to the run."""
    try:
        report = decode_report(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadReportError(f"A report was expected: {error}") from None
    for name, number in _numbers(report):
        if number is not None and not 0 <= number <= MAX_STEP:
            raise BadReportError(f"A report was expected: its {name} is to be from 0 to 2**53")
    _require_bounded(report)
    understood = _understood(report)
    answers = [replace(answer, message=_shown(answer.message)) for answer in report.answers]
    return replace(report, message=_shown(report.message), understands=understood, answers=answers)


def require_later_step(report: Report, highest_step: int) -> None:
    """Raises BadReportError if the step is before one that this connection has reported."""
    if report.step is not None and report.step < highest_step:
        raise BadReportError(
            f"A report was expected: step {report.step} is before step {highest_step}, which this "
            "program has reported already; steps only rise, so count them over all epochs"
        )


def _numbers(report: Report) -> Iterable[tuple[str, int | None]]:
    yield "step", report.step
    yield "number", report.number
    yield "command_id", report.command_id
    for taken in report.taken:
        yield "taken id", taken
    for answer in report.answers:
        yield "answer's id", answer.id
        yield "answer's step", answer.step


def _require_bounded(report: Report) -> None:
    if max(len(report.taken), len(report.answers)) > MAX_OPEN_INSTRUCTIONS:
        raise BadReportError(
            f"A report was expected: it may take or answer {MAX_OPEN_INSTRUCTIONS} commands"
        )
    if not _PROGRAM.fullmatch(report.program):
        raise BadReportError(
            "A report was expected: its program is to be of at most 64 letters and digits"
        )


def _understood(report: Report) -> list[str] | msgspec.UnsetType:
    if report.understands is msgspec.UNSET:
        return msgspec.UNSET
    try:
        return checked_names(report.understands)
    except ValueError as error:
        raise BadReportError(f"A report was expected: {printable(str(error), 400)}") from None


def _shown(message: str) -> str:
    return printable(message, 2 * MAX_MESSAGE_CHARS)[:MAX_MESSAGE_CHARS]
