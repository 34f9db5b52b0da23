"""The clinical report of a test evaluation: one self-contained page that a clinician can read."""

from importlib import resources
from typing import Any, Unpack

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from training.evaluation.report_figures import ReportInputs, report_document

__all__ = ["ReportInputs", "clinical_report", "render_report", "report_document"]

_TEMPLATE = "report.html"


def clinical_report(**inputs: Unpack[ReportInputs]) -> str:
    """The HTML page, which fetches nothing; names in it are text, whatever they contain."""
    return render_report(report_document(**inputs))


def render_report(document: dict[str, Any]) -> str:
    """The page of a document that `report_document` made."""
    # Class names come from folders, so everything is escaped unless it says otherwise.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": percent, "number": number, "breakable": breakable}
    source = resources.files("training.evaluation") / _TEMPLATE
    return environment.from_string(source.read_text(encoding="utf-8")).render(document)


def percent(share: float, floor: float = 1.0) -> str:
    """A share in percent, to one decimal or to as many as keep it on its side of `floor`."""
    # 100 * 0.57 is 56.99999999999999: the floor itself must not be below the floor.
    return f"{_decimal(100 * share, round(100 * floor, 6), 1, share >= floor)}%"


def number(value: float) -> str:
    """A metric to three decimals, or to as many as keep what is not 1 from looking perfect."""
    return _decimal(value, 1.0, 3, value >= 1)


def _decimal(value: float, floor: float, min_decimals: int, reaches_floor: bool) -> str:
    texts = (f"{value:.{decimals}f}" for decimals in range(min_decimals, 8))
    return next((text for text in texts if (float(text) >= floor) == reaches_floor), repr(value))


def breakable(name: str) -> Markup:
    """A class name that may wrap after its underscores."""
    return Markup("_<wbr>").join(escape(part) for part in name.split("_"))
