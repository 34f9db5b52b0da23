"""`fovea models`: list registered models, promote a version to an alias, and roll that back."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.cli.model_registry import (
    MAX_VERSIONS,
    READY,
    ModelRegistry,
    ModelVersion,
    RegisteredModel,
    RegisteredRun,
)
from api.cli.options import Url
from api.cli.plain_text import NOTHING, age, number
from api.cli.run_choice import SHORT_ID_LENGTH
from api.client.refusals import RequestRefusedError
from api.errors import ApiError
from tracking_plugin.names import CHAMPION, Metric, previous_alias_tag
from tracking_plugin.printable import printable

_VERSION = re.compile(r"[1-9][0-9]{0,8}")
METRICS = (Metric.VAL_ACCURACY, Metric.VAL_AUC_ROC_MACRO, Metric.VAL_F1)
MAX_RUNS = 50
"""Versions of which the run is looked up, the newest first: each needs a request."""

commands = typer.Typer()
models = typer.Typer(
    help="Registered models: which version the diagnosis service serves.", no_args_is_help=True
)
commands.add_typer(models, name="models")

Name = Annotated[str, typer.Argument(help="Name of the registered model.", show_default=False)]
AliasName = Annotated[
    str,
    typer.Option(
        "--alias",
        metavar="ALIAS",
        help="The service serves `champion`, and compares `challenger` with it.",
    ),
]


class ModelChoiceError(ApiError):
    """The given name or version fits no registered model."""


@dataclass(frozen=True, kw_only=True)
class ListedVersion:
    """A version with its aliases and its run."""

    version: ModelVersion
    aliases: tuple[str, ...]
    run: RegisteredRun | None


@models.command(
    "list",
    epilog="In a pipe, each model is a line of tab-separated name, aliases and last change; each "
    "version is a line of version, aliases, run, creation, accuracy, AUC, F1 and name of the run.",
)
def list_models(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Registered model whose versions to list; default: list all models.",
            show_default=False,
        ),
    ] = None,
    url: Url = None,
) -> None:
    """Show the registered models, or the versions of one with their aliases and metrics."""
    with ModelRegistry(url) as registry:
        if name is None:
            show_models(list(registry.models()), Console())
        else:
            show_versions(registry, _model(registry, name), Console())


@models.command(
    epilog="The version that had the alias before is remembered in a tag of the registered model, "
    "and `fovea models rollback` returns to it."
)
def promote(
    name: Name,
    version: Annotated[str, typer.Argument(help="Number of the version.", show_default=False)],
    alias: AliasName = CHAMPION,
    url: Url = None,
) -> None:
    """Give a version the alias that the diagnosis service follows; no request is lost meanwhile."""
    with ModelRegistry(url) as registry:
        model = _model(registry, name)
        _require_ready(registry, model, version)
        before = model.version_of(alias)
        if before == version:
            print(f"The alias {alias} of {printable(name)} is on version {version} already.")
            return
        _move(registry, model, alias, before, version)
        print(f"The alias {alias} of {printable(name)} moves {_from(before)}to version {version}.")


@models.command()
def rollback(name: Name, alias: AliasName = CHAMPION, url: Url = None) -> None:
    """Give the alias back to the version that had it before the last `promote` or `rollback`."""
    with ModelRegistry(url) as registry:
        model = _model(registry, name)
        previous, current = model.previous_of(alias), model.version_of(alias)
        if previous is None:
            raise ModelChoiceError(
                f"No earlier version of the alias {alias} of {printable(name)} is known, because only "
                f"`fovea models promote` remembers it: `fovea models list {printable(name)}` shows "
                "the versions"
            )
        if previous == current:
            raise ModelChoiceError(
                f"The alias {alias} of {printable(name)} is on version {previous} already, the "
                "one before the last `fovea models promote`"
            )
        _require_ready(registry, model, previous)
        _move(registry, model, alias, current, previous)
        print(
            f"The alias {alias} of {printable(name)} moves {_from(current)}to version {previous}."
        )


def show_models(found: Sequence[RegisteredModel], console: Console) -> None:
    """Print the registered models, by name."""
    if not console.is_terminal:
        for model in found:
            changed = _moment(model.last_updated_timestamp)
            shown = f"{changed:%Y-%m-%dT%H:%M:%SZ}" if changed else NOTHING
            print(printable(model.name), _aliases(model), shown, sep="\t", file=console.file)
    elif not found:
        console.print("No model is registered yet: `fovea train` registers the best one of a run.")
    else:
        table = _empty_table("model", "aliases", "changed")
        for model in found:
            changed = _moment(model.last_updated_timestamp)
            name = Text(printable(model.name))
            table.add_row(name, Text(_aliases(model)), Text(age(changed, datetime.now(UTC))))
        console.print(table)


def show_versions(registry: ModelRegistry, model: RegisteredModel, console: Console) -> None:
    """Print the newest versions of a model, the newest first."""
    found = registry.versions(model.name)
    listed = list(_listed(registry, model, found))
    if not console.is_terminal:
        for row in version_rows(listed):
            print("\t".join(row), file=console.file)
    elif not listed:
        console.print(f"{printable(model.name)} has no versions.", markup=False)
    else:
        table = _empty_table("version", "aliases", "run", "created", "acc.", "AUC", "F1")
        for each in listed:
            run = each.version.run_id or NOTHING
            shown = printable(each.run.info.run_name, 40) if each.run else run[:SHORT_ID_LENGTH]
            cells = [each.version.version, _joined(each.aliases), shown, _age(each.version)]
            table.add_row(*(Text(cell) for cell in (*cells, *_metrics(each.run))))
        console.print(table)
    if len(found) >= MAX_VERSIONS:
        Console(stderr=True).print(f"Only the {MAX_VERSIONS} newest versions are shown")


def version_rows(listed: Iterable[ListedVersion]) -> Iterator[list[str]]:
    """Version, aliases, id of the run, creation, accuracy, AUC, F1, name of the run."""
    for each in listed:
        created = _moment(each.version.creation_timestamp)
        yield [
            each.version.version,
            _joined(each.aliases),
            each.version.run_id or NOTHING,
            f"{created:%Y-%m-%dT%H:%M:%SZ}" if created else NOTHING,
            *_metrics(each.run),
            printable(each.run.info.run_name) if each.run else NOTHING,
        ]


def _listed(
    registry: ModelRegistry, model: RegisteredModel, versions: Sequence[ModelVersion]
) -> Iterator[ListedVersion]:
    newest = sorted(versions, key=lambda each: int(each.version), reverse=True)
    for index, version in enumerate(newest):
        has_run = version.run_id and index < MAX_RUNS
        yield ListedVersion(
            version=version,
            aliases=tuple(a.alias for a in model.aliases if a.version == version.version),
            run=registry.run(version.run_id) if has_run and version.run_id else None,
        )


def _model(registry: ModelRegistry, name: str) -> RegisteredModel:
    try:
        return registry.model(name)
    except RequestRefusedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        raise ModelChoiceError(
            f"There is no registered model {printable(name)!r}: `fovea models list` shows them"
        ) from None


def _require_ready(registry: ModelRegistry, model: RegisteredModel, version: str) -> None:
    """Raise ModelChoiceError unless the model has this version, and it can be used."""
    name = printable(model.name)
    if not _VERSION.fullmatch(version):
        raise ModelChoiceError(
            f"A version is a number, such as 3, but {printable(version)!r} came: "
            f"`fovea models list {name}` shows the versions"
        )
    try:
        found = registry.version(model.name, version)
    except RequestRefusedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        raise ModelChoiceError(
            f"{name} has no version {version}: `fovea models list {name}` shows the versions"
        ) from None
    if found.status != READY:
        raise ModelChoiceError(
            f"Version {version} of {name} is not ready (its status is {printable(found.status)}): "
            "name another one"
        )


def _move(
    registry: ModelRegistry, model: RegisteredModel, alias: str, before: str | None, version: str
) -> None:
    """Move the alias. What it leaves is remembered first, so that no interruption forgets it."""
    if before is not None:
        registry.set_tag(model.name, previous_alias_tag(alias), before)
    registry.set_alias(model.name, alias, version)


def _from(before: str | None) -> str:
    return "" if before is None else f"from version {before} "


def _aliases(model: RegisteredModel) -> str:
    found = (f"{printable(each.alias)}={each.version}" for each in model.aliases)
    return ",".join(sorted(found)) or NOTHING


def _joined(aliases: Sequence[str]) -> str:
    return ",".join(sorted(printable(alias) for alias in aliases)) or NOTHING


def _metrics(run: RegisteredRun | None) -> list[str]:
    return [NOTHING if run is None else number(run.metric(name)) for name in METRICS]


def _age(version: ModelVersion) -> str:
    return age(_moment(version.creation_timestamp), datetime.now(UTC))


def _moment(unix_ms: int | None) -> datetime | None:
    return None if unix_ms is None else datetime.fromtimestamp(unix_ms / 1000, UTC)


def _empty_table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="dim")
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    return table
