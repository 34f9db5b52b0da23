"""Says which field of a YAML file is wrong and what was expected there; it quotes none of the file."""

from pydantic_core import ErrorDetails

FieldLocation = tuple[int | str, ...]
"""Names of fields and positions in lists, from the outside in."""

MAX_NAMED_ERRORS = 20


def field_name(location: FieldLocation) -> str:
    """The location as `classes[2].name`; empty for the whole file."""
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return name.removeprefix(".")


def expectation(error: ErrorDetails) -> str:
    """The expectation of the field that has the error."""
    match error["type"]:
        case "missing":
            return "expected this field, but it is missing"
        case "extra_forbidden":
            return "expected no such field"
        case "too_short":
            return f"expected at least {error['ctx']['min_length']}"
        case _:
            # The messages of pydantic name the expectation, and quote nothing of the file.
            return (
                error["msg"]
                .replace("Input should be", "expected")
                .replace("String should", "expected to")
            )
