"""Reads a filter in MLflow's language, by MLflow's own parser, and says which part of it is faulty."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from mlflow.exceptions import MlflowException
from mlflow.utils.search_utils import SearchUtils

from api.errors import UnprocessableError
from tracking_plugin.printable import printable

Comparison: TypeAlias = Mapping[str, Any]
"""As MLflow's parser returns it: type, key, comparator and value."""

MAX_FILTER_CHARS = 2_000
MAX_COMPARISONS = 20
"""Each is one more table in the statement; databases join a bounded number."""

_LONGEST_SHOWN = 120
_LONGEST_REASON = 300
_LARGEST_INTEGER = 2**63 - 1
# A quoted text that is not closed goes to the end, as MLflow's parser reads it.
_PARTS = re.compile(r"""'[^']*'?|"[^"]*"?|`[^`]*`?|\w+|[^\w'"`]""")
_EXAMPLE = "expected for example: metrics.loss < 0.5 and params.model = 'vit'"


def read_filter(text: str) -> Sequence[Comparison]:
    """The comparisons that a run must all fulfil; none for an empty text.

    Raises UnprocessableError with a sentence that quotes the faulty part.
    """
    if len(text) > MAX_FILTER_CHARS or "\0" in text:
        raise UnprocessableError(f"A filter has at most {MAX_FILTER_CHARS} characters, and no NUL")
    if not text.strip():
        return ()
    try:
        found = _parsed(text)
    except MlflowException as error:
        raise _refusal(_faulty_part(text), error) from None
    if not found:
        raise UnprocessableError(f"The filter {_quoted(text)} compares nothing: {_EXAMPLE}")
    if len(found) > MAX_COMPARISONS:
        raise UnprocessableError(
            f"The filter has {len(found)} comparisons: it can have {MAX_COMPARISONS}"
        )
    return found


@contextmanager
def mlflow_refusals() -> Iterator[None]:
    """Raises UnprocessableError for what MLflow refuses only when it makes the statement."""
    try:
        yield
    except MlflowException as error:
        raise UnprocessableError(f"MLflow refuses the filter: {_reason(error)}") from None


def _parsed(text: str) -> Sequence[Comparison]:
    found: list[Comparison] = SearchUtils.parse_search_filter(text)
    for each in found:
        _require_comparator(each)
        value = each["value"]
        if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
            raise MlflowException.invalid_parameter_value(f"The number {value} is too large")
    return found


def _require_comparator(comparison: Comparison) -> None:
    kind, comparator = comparison["type"], comparison["comparator"].upper()
    key = SearchUtils.translate_key_alias(comparison["key"])
    # Each raises MlflowException if this kind cannot be compared so.
    _ = (
        SearchUtils.is_attribute(kind, key, comparator)
        or SearchUtils.is_metric(kind, comparator)
        or SearchUtils.is_param(kind, comparator)
        or SearchUtils.is_tag(kind, comparator)
        or SearchUtils.is_dataset(kind, comparator)
    )


def _faulty_part(text: str) -> str:
    """The first part between two AND that cannot be read alone, else the whole filter."""
    for part in _between_ands(text):
        try:
            is_readable = part == "" or len(_parsed(part)) > 0
        except MlflowException:
            return part
        if not is_readable:
            return part
    return text


def _between_ands(text: str) -> list[str]:
    parts = [""]
    for found in _PARTS.findall(text):
        if found.upper() == "AND":
            parts.append("")
        else:
            parts[-1] += found
    return [part.strip() for part in parts]


def _refusal(part: str, error: MlflowException) -> UnprocessableError:
    return UnprocessableError(
        f"The filter cannot be read at {_quoted(part)}: {_reason(error)}; {_EXAMPLE}"
    )


def _quoted(part: str) -> str:
    return f"“{printable(part, _LONGEST_SHOWN)}”"


def _reason(error: MlflowException) -> str:
    return printable(str(error.message), _LONGEST_REASON).rstrip(".")
