"""The settings of the server: the environment variables with the prefix FOVEA_, which only this module reads."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from api.errors import StartError
from api.middleware.allowed_origins import Origin
from tracking_plugin.data_roots import listed_roots
from tracking_plugin.server_address import AddressError, parse_server

PREFIX = "FOVEA_"

_LAST_PORT = 65_535
YEAR_S = 366 * 86_400
"""Longer times overflow where they are added to a date."""

# A comma may also occur within a URL, for example between e-mail addresses.
_BETWEEN_URLS = re.compile(r"(?<![\s,])[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")

BUS_SCHEMES = {"memory": False, "redis": True, "rediss": True, "unix": True}
"""The schemes of bus URLs, and whether several processes can share such a bus."""


def _listed_origins(listed: object) -> object:
    if not isinstance(listed, str):
        return listed
    return frozenset(_origin(text.strip()) for text in listed.split(",") if text.strip())


def _origin(text: str) -> Origin:
    if text == "*":
        raise ValueError(
            "* would admit the pages of every web site; list the origins that you trust"
        )
    if (origin := Origin.parse(text)) is None:
        raise ValueError(
            "a list such as https://ui.example,http://localhost:3000 was expected, "
            "each with a scheme, a host and optionally a port, and nothing else"
        )
    return origin


def split_urls(listed: str) -> tuple[str, ...]:
    """The URLs of a list separated by commas or spaces, without repetition, in their order."""
    words = (word.strip(" \t\r\n,") for word in _BETWEEN_URLS.split(listed))
    return tuple(dict.fromkeys(word for word in words if word))


def _listed_urls(listed: object) -> object:
    return split_urls(listed) if isinstance(listed, str) else listed


def _bus_url(url: str) -> str:
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in BUS_SCHEMES:
        *others, last = (f"{known}://" for known in BUS_SCHEMES)
        raise ValueError(f"a URL that begins with {', '.join(others)} or {last} was expected")
    try:
        _ = urlsplit(url).port
    except ValueError:
        raise ValueError(
            "a number was expected as the port; in a password, write / : @ # ? as "
            "%2F %3A %40 %23 %3F"
        ) from None
    return url


def _public_url(url: str) -> str:
    if not url.strip():
        return ""
    try:
        address = parse_server(url)
    except AddressError:
        address = None
    # The address is shown in messages and links, and becomes a variable of jobs.
    if address is None or address.username is not None or not address.url.isascii():
        raise ValueError(
            "a URL such as https://mlflow.example or http://10.0.0.5:5000 was expected, "
            "without a user, a query or a fragment"
        )
    return address.url


def _grpc_address(address: str) -> str:
    host, separator, port = address.rpartition(":")
    if not (host and separator and port.isascii() and port.isdecimal() and int(port) <= _LAST_PORT):
        raise ValueError("a host and a port were expected, such as localhost:50051 or [::1]:50051")
    if "://" in address or "/" in address or "@" in address:
        raise ValueError("only a host and a port were expected, such as localhost:50051")
    return address


class Settings(BaseSettings):
    """`data_dir` is FOVEA_DATA_DIR, and so on. A field without repr may hold a secret."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, env_ignore_empty=True, allow_inf_nan=False
    )

    data_dir: Path = Field(Path(".fovea"), description="folder of the server's data")
    data_roots: Annotated[tuple[Path, ...] | None, NoDecode, BeforeValidator(listed_roots)] = Field(
        None,
        description="folders, separated by colons, that data, weights and taxonomies of a request "
        "must be in; default: any on a server for this machine alone, none on others",
    )
    owner_pid: int | None = Field(
        None, ge=1, description="process with which the server ends; `fovea serve` sets it"
    )
    cors_origins: Annotated[frozenset[Origin], NoDecode, BeforeValidator(_listed_origins)] = Field(
        frozenset(),
        description="web origins whose pages may use the server, in addition to its own",
    )
    max_request_bytes: int = Field(
        1024 * 1024, ge=1, le=2**40, description="maximum size of a request body"
    )
    max_upload_bytes: int = Field(
        512 * 1024**2, ge=1, le=2**40, description="maximum size of the files of one request"
    )
    max_sockets: int = Field(
        4096, ge=1, le=1_000_000, description="maximum number of WebSockets per process"
    )
    bus_url: Annotated[str, AfterValidator(_bus_url)] = Field(
        "memory://", repr=False, description="bus through which server processes exchange events"
    )
    bus_retention: int = Field(
        20_000,
        ge=1,
        le=100_000_000,
        description="number of events retained for sockets that reconnect",
    )
    database_url: str | None = Field(
        None, repr=False, description="database of Fovea's own tables; default: MLflow's"
    )
    ray_address: str = Field(
        "", description="dashboard URL of the Ray cluster; default: a cluster on this machine"
    )
    ray_idle_s: float = Field(
        900,
        ge=0,
        le=YEAR_S,
        description="seconds without a job after which the Ray head on this machine ends",
    )
    ray_owner_pid: int | None = Field(
        None,
        ge=1,
        description="process with which the Ray head on this machine ends; `fovea demo` sets it",
    )
    training_slots: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="ranks that trainings of this server may run at once, further ones wait; default: "
        "one per GPU of the Ray cluster, or per CPU if it has no GPU",
    )
    public_url: Annotated[str, AfterValidator(_public_url)] = Field(
        "",
        # A URL that is refused may have a password in it.
        repr=False,
        description="URL at which trainings reach this server; default: that of its own socket, "
        "whatever the request says",
    )
    alert_rules: Path | None = Field(
        None, description="file of alert rules in addition to the built-in ones"
    )
    silent_after_s: float = Field(
        1800,
        gt=0,
        le=YEAR_S,
        description="seconds without activity after which a run raises an alert; 30 for a run that "
        "the server controls",
    )
    notify_urls: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed_urls)] = Field(
        (), repr=False, description="services that are notified of alerts, as Apprise URLs"
    )
    notify_wait_s: float = Field(
        5,
        ge=0,
        le=YEAR_S,
        description="seconds that a first notification waits for other alerts of its run",
    )
    notify_interval_s: float = Field(
        60,
        ge=0,
        le=YEAR_S,
        description="minimum seconds between notifications about a run without critical alerts",
    )
    notify_repeat_s: float = Field(
        4 * 3600, ge=1, le=YEAR_S, description="seconds after which open alerts are notified again"
    )
    obey_timeout_s: float = Field(
        120, gt=0, le=YEAR_S, description="seconds after which a job that does not stop is killed"
    )
    grpc_address: Annotated[str, AfterValidator(_grpc_address)] = Field(
        "localhost:50051", description="host and port of the diagnosis service"
    )
    grpc_tls: bool = Field(False, description="whether the diagnosis service is reached over TLS")
    grpc_ca: Path | None = Field(
        None,
        description="PEM file of the certificates that are trusted for the diagnosis service, "
        "which is then reached over TLS; default: those of the system",
    )
    nasa_tables: Path | None = Field(
        None,
        description="folder with copies of NASA's tables (cumulative.csv, TOI.csv, k2pandc.csv), "
        "which are used instead of those of the archive",
    )
    serving_token: str = Field(
        "", repr=False, description="bearer token that the diagnosis service expects"
    )
    diagnosis_timeout_s: float = Field(
        300, gt=0, le=24 * 3600, description="seconds after which a diagnosis is given up"
    )
    prediction_timeout_s: float = Field(
        600, gt=0, le=24 * 3600, description="seconds after which predictions of rows are given up"
    )
    diagnosis_traces: bool = Field(
        False,
        description="keep each diagnosis as an MLflow trace, without pixels and identifiers",
    )


def load_settings() -> Settings:
    """The settings of this process. Raises StartError, which names the invalid variable."""
    try:
        return Settings()
    except ValidationError as error:
        raise StartError("; ".join(map(_sentence, error.errors()))) from None


def _sentence(problem: ErrorDetails) -> str:
    name = str(problem["loc"][0])
    # The sentence of a validator above, or pydantic's own, which begins with a capital letter.
    reason = str(problem.get("ctx", {}).get("error", "")) or problem["msg"].lower()
    received = f", but {problem['input']!r} came" if Settings.model_fields[name].repr else ""
    return f"{PREFIX}{name.upper()}: {reason}{received}"
