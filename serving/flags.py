"""Makes the command line of the service from its settings, so that each setting is declared once."""

import argparse
from collections.abc import Sequence
from enum import Enum
from typing import Any, get_args

from pydantic.fields import FieldInfo

from serving.settings import PREFIX, ServingSettings

_EPILOG = (
    f"Each flag is also an environment variable: --max-files is {PREFIX}MAX_FILES, and so on; a "
    "flag takes precedence. Secrets have no flag, since every user can read those of a process: {secrets}."
)


def parse_flags(arguments: Sequence[str] | None, description: str) -> dict[str, str]:
    """The given settings as text, by name. Ends the program on --help and on an unknown flag."""
    return {
        name: value
        for name, value in vars(_parser(description).parse_args(arguments)).items()
        if value is not None
    }


def _parser(description: str) -> argparse.ArgumentParser:
    fields = ServingSettings.model_fields
    secrets = [name for name, field in fields.items() if not field.repr]
    shown = "; ".join(f"{PREFIX}{name.upper()}, {fields[name].description}" for name in secrets)
    parser = argparse.ArgumentParser(
        prog="python -m serving", description=description, epilog=_EPILOG.format(secrets=shown)
    )
    for name, field in fields.items():
        if name in secrets:
            continue
        flags = [f"--{name.replace('_', '-')}"]
        if "_" in name:
            # Parameters of an MLproject keep their own names.
            flags.append(f"--{name}")
        parser.add_argument(*flags, dest=name, **_options(name, field))
    return parser


def _options(name: str, field: FieldInfo) -> dict[str, Any]:
    options: dict[str, Any] = {"default": None, "help": _help(name, field)}
    kind = field.annotation
    if kind is bool:
        return {**options, "nargs": "?", "const": "true", "metavar": "true|false"}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {**options, "metavar": "|".join(str(member.value) for member in kind)}
    # Of `Path | None`, the first.
    kind = next(iter(get_args(kind)), kind)
    return {**options, "metavar": getattr(kind, "__name__", "value").upper()}


def _help(name: str, field: FieldInfo) -> str:
    text = f"{field.description} ({PREFIX}{name.upper()})".replace("%", "%%")
    if field.default is None or field.default == "" or field.is_required():
        return text
    if field.default_factory is not None:
        return text
    default = field.default.value if isinstance(field.default, Enum) else field.default
    return f"{text} [{default}]"
