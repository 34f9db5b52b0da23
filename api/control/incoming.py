"""Reports as they come in from anybody's loop: what cannot be kept is refused or left out."""

import msgspec

from tracking_plugin.control_messages import LONGEST_MESSAGE, Report, decode_report

_LARGEST_NUMBER = 2**63 - 1


class BadReportError(ValueError):
    """Something else than a report."""


def read_report(text: str | bytes) -> Report:
    """BadReportError."""
    try:
        report = decode_report(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadReportError(f"A report was expected: {error}") from None
    if any(abs(number or 0) > _LARGEST_NUMBER for number in (report.step, report.number)):
        raise BadReportError("A report was expected: its step is no number of 64 bits")
    # PostgreSQL keeps no NUL.
    message = report.message.replace("\0", "")[:LONGEST_MESSAGE]
    return msgspec.structs.replace(report, message=message)
