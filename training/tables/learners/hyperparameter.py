"""Describes hyperparameters and checks the values that users give."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from training.tables.errors import TableError
from training.tables.printable import name_list, printable

Value = int | float | bool | str
Params = dict[str, Value]
TypeName = Literal["int", "float", "bool", "str"]

_TYPE_WORDS: Mapping[TypeName, str] = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
}


_JSON_TYPES: Mapping[TypeName, str] = {
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "str": "string",
}


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """One hyperparameter under the name that its library gives it."""

    name: str
    type: TypeName
    default: Value
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Value, ...] | None = None
    description: str

    @property
    def allowed(self) -> str:
        """In words, such as "a whole number from 1 to 16"."""
        if self.choices is not None:
            return "one of " + ", ".join(str(choice) for choice in self.choices)
        words = _TYPE_WORDS[self.type]
        if self.minimum is not None and self.maximum is not None:
            return f"{words} from {self.minimum:g} to {self.maximum:g}"
        return words

    def convert(self, value: Any) -> Value | None:
        """The value in the right type; None if it is not allowed."""
        typed = _typed(self.type, value)
        if typed is None or (self.choices is not None and typed not in self.choices):
            return None
        if isinstance(typed, str | bool):
            return typed
        if self.minimum is not None and typed < self.minimum:
            return None
        if self.maximum is not None and typed > self.maximum:
            return None
        return typed


def checked_params(
    title: str, hyperparameters: Sequence[Hyperparameter], params: Mapping[str, Any]
) -> Params:
    """`params` in the right types, completed with defaults; `title` names the model in errors."""
    known = {item.name: item for item in hyperparameters}
    unknown = [str(name) for name in params if name not in known]
    problems: list[str] = []
    if unknown:
        problems.append(
            f"{title} has no hyperparameter {name_list(unknown)}; it has {', '.join(known)}."
        )
    checked: Params = {}
    for name, item in known.items():
        value = item.convert(params[name]) if name in params else item.default
        if value is None:
            problems.append(
                f"{name} of {title} must be {item.allowed}, "
                f"but is {printable(repr(params[name])[:100])}."
            )
        else:
            checked[name] = value
    if problems:
        raise TableError(" ".join(problems))
    return checked


def json_schema(title: str, hyperparameters: Sequence[Hyperparameter]) -> dict[str, Any]:
    """The JSON Schema of an object with some of the hyperparameters."""
    return {
        "title": title,
        "type": "object",
        "properties": {item.name: _json_schema(item) for item in hyperparameters},
        "additionalProperties": False,
    }


def _json_schema(item: Hyperparameter) -> dict[str, Any]:
    limits = {"minimum": item.minimum, "maximum": item.maximum}
    return {
        "type": _JSON_TYPES[item.type],
        "description": item.description,
        "default": item.default,
        **{name: value for name, value in limits.items() if value is not None},
        **({} if item.choices is None else {"enum": list(item.choices)}),
    }


def _typed(type_name: TypeName, value: Any) -> Value | None:
    """The value as this type, None if it is of another; 6.0 is a whole number, true is not."""
    if type_name == "bool":
        return value if isinstance(value, bool) else None
    if type_name == "str":
        return value if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    if type_name == "float":
        return float(value)
    return int(value) if value == int(value) else None
