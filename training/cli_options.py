"""Command-line flags made from configuration classes, so that each setting is declared once."""

import argparse
import types
from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


def add_flags(
    parser: argparse.ArgumentParser,
    config_class: type[BaseModel],
    title: str,
    *,
    but: Collection[str] = (),
) -> None:
    """Add one `--flag` for each field of `config_class` except those in `but`.

    Flags that are not given stay out of the result. Values stay text; pydantic converts and
    validates them. `--some_field` works like `--some-field`, because MLflow passes parameters under
    their own names.
    """
    group = parser.add_argument_group(title)
    fields = config_class.model_fields.items()
    for name, field in ((name, field) for name, field in fields if name not in but):
        flags = [f"--{name.replace('_', '-')}"]
        if "_" in name:
            flags.append(f"--{name}")
        group.add_argument(*flags, dest=name, **_options(field))
        if _kind(field) is bool:
            no_flag = f"--no-{name.replace('_', '-')}"
            hidden = argparse.SUPPRESS
            group.add_argument(no_flag, dest=name, action="store_const", const="false", help=hidden)


def given_values(namespace: argparse.Namespace, config_class: type[BaseModel]) -> dict[str, Any]:
    """The given values of fields of `config_class`.

    An empty text counts as not given, unless it is among the field's examples: it is a value there.
    """
    values: Mapping[str, Any] = vars(namespace)
    return {
        name: values[name]
        for name, field in config_class.model_fields.items()
        if values.get(name) not in (None, "")
        or (values.get(name) == "" and "" in (field.examples or ()))
    }


def _options(field: FieldInfo) -> dict[str, Any]:
    options: dict[str, Any] = {"default": None, "help": _help(field)}
    kind = _kind(field)
    if kind is bool:
        # --flag, --no-flag and, for parameters of an MLproject, --flag true.
        return {**options, "nargs": "?", "const": "true", "metavar": "true|false"}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {**options, "metavar": "|".join(str(member.value) for member in kind)}
    extra = field.json_schema_extra
    if isinstance(extra, dict) and isinstance(choices := extra.get("enum"), list):
        return {**options, "metavar": "|".join(map(str, choices))}
    return {**options, "metavar": getattr(kind, "__name__", "value").upper()}


def _kind(field: FieldInfo) -> Any:
    if get_origin(field.annotation) in (Union, types.UnionType):
        return next(kind for kind in get_args(field.annotation) if kind is not type(None))
    return field.annotation


def _help(field: FieldInfo) -> str:
    text = (field.description or "").replace("%", "%%")
    if field.default in (None, ""):
        return text
    default = field.default.value if isinstance(field.default, Enum) else field.default
    return f"{text} [{default}]"
