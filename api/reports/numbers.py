"""Writes numbers, times and lengths of time as a report shows them, in its language."""

import math
from datetime import UTC

from api.reports.evaluations import Estimate, Interval
from api.reports.schemas import Language
from api.timestamps import utc

_MINUS = "\N{MINUS SIGN}"
_LEAST_PLAIN = 1e-4
_MOST_PLAIN = 1e7


class Numbers:
    """`-` of exponents and signs is a real minus; the decimal sign is that of the language."""

    def __init__(self, language: Language) -> None:
        self._decimal = "," if language is Language.FR else "."
        self._to = "à" if language is Language.FR else "to"
        self._percent = "\N{NO-BREAK SPACE}%" if language is Language.FR else "%"

    def value(self, value: float, digits: int = 4) -> str:
        """`digits` significant ones, but never rounded to a perfect 1."""
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "∞" if value > 0 else f"{_MINUS}∞"
        text = _plain(value, digits)
        return self._signed(repr(value) if text == "1" and value < 1 else text)

    def short(self, value: float) -> str:
        """For an axis."""
        return self._signed(_plain(value, 3 if abs(value) < 1000 else 4))

    def whole(self, value: float) -> str:
        return self._signed(f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}"))

    def percent(self, share: float) -> str:
        """One decimal, and more rather than a rounded 100 %."""
        texts = (f"{100 * share:.{decimals}f}" for decimals in range(1, 7))
        found = next((it for it in texts if (float(it) >= 100) == (share >= 1)), repr(100 * share))
        return self._signed(found) + self._percent

    def interval(self, interval: Interval) -> str:
        low, high = interval
        return f"{self.value(low)} {self._to} {self.value(high)}"

    def percent_interval(self, interval: Interval) -> str:
        low, high = interval
        return f"{self.percent(low)} {self._to} {self.percent(high)}"

    def estimate(self, estimate: Estimate) -> str:
        """The value with its interval; empty if there is none."""
        if estimate.value is None:
            return ""
        value = self.value(estimate.value)
        return f"{value} ({self.interval(estimate.interval)})" if estimate.interval else value

    def time(self, at_ms: int | None) -> str:
        """In UTC, to the second; empty without one."""
        if at_ms is None:
            return ""
        return utc(at_ms).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

    def duration(self, seconds: float | None) -> str:
        if seconds is None:
            return ""
        if seconds < 60:
            return f"{self._signed(f'{seconds:.1f}')} s"
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"

    def _signed(self, text: str) -> str:
        return text.replace("-", _MINUS).replace(".", self._decimal)


def _plain(value: float, digits: int) -> str:
    size = abs(value)
    if value == 0:
        return "0"
    if _LEAST_PLAIN <= size < _MOST_PLAIN:
        decimals = max(0, digits - 1 - math.floor(math.log10(size)))
        text = f"{value:.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"
