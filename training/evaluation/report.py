"""Renders the clinical report of a test evaluation as one self-contained HTML page."""

from importlib import resources
from typing import Any, Unpack

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from training.evaluation.report_figures import ReportInputs, report_document

__all__ = ["ReportInputs", "clinical_report", "render_report", "report_document"]

_TEMPLATE = "report.html"


def clinical_report(**inputs: Unpack[ReportInputs]) -> str:
    """The HTML page, which loads nothing else; names in it are escaped."""
    return render_report(report_document(**inputs))


def render_report(document: dict[str, Any]) -> str:
    """The page of a document from `report_document`."""
    # Class names come from folder names, so everything is escaped by default.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": percent, "number": number, "breakable": breakable}
    source = resources.files("training.evaluation") / _TEMPLATE
    return environment.from_string(source.read_text(encoding="utf-8")).render(document)


def percent(share: float, floor: float = 1.0) -> str:
    """A share in percent, with enough decimals that rounding does not move it across `floor`."""
    # 100 * 0.57 is 56.99999999999999, which would put the floor below itself.
    return f"{_decimal(100 * share, round(100 * floor, 6), 1, share >= floor)}%"


def number(value: float) -> str:
    """A metric with three decimals, or with more if it would be rounded up to a perfect 1."""
    return _decimal(value, 1.0, 3, value >= 1)


def _decimal(value: float, floor: float, min_decimals: int, reaches_floor: bool) -> str:
    texts = (f"{value:.{decimals}f}" for decimals in range(min_decimals, 8))
    return next((text for text in texts if (float(text) >= floor) == reaches_floor), repr(value))


def breakable(name: str) -> Markup:
    """A class name that may wrap after its underscores."""
    return Markup("_<wbr>").join(escape(part) for part in name.split("_"))
