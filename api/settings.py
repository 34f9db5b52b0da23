"""What the environment says about the server: every variable with the prefix FOVEA_, read here alone."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from api.errors import StartError
from api.middleware.origin import Origin

PREFIX = "FOVEA_"

# A comma may also stand within a URL, as between the addresses of an e-mail.
_BETWEEN_URLS = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_BUS_URL = re.compile(r"(memory|rediss?|unix)://")


def _listed_origins(listed: object) -> object:
    if not isinstance(listed, str):
        return listed
    return frozenset(_origin(word.strip()) for word in listed.split(",") if word.strip())


def _origin(word: str) -> Origin:
    if word == "*":
        raise ValueError("* would let the pages of every web site in, list those that are yours")
    if (origin := Origin.parse(word)) is None:
        raise ValueError(
            "a list such as https://ui.example,http://localhost:3000 was expected, "
            "each with a scheme and a host, perhaps a port, and nothing more"
        )
    return origin


def split_urls(listed: str) -> tuple[str, ...]:
    """Each URL once, in their order."""
    words = (word.strip(" \t\r\n,") for word in _BETWEEN_URLS.split(listed))
    return tuple(dict.fromkeys(word for word in words if word))


def _listed_urls(listed: object) -> object:
    return split_urls(listed) if isinstance(listed, str) else listed


def _bus_url(url: str) -> str:
    if _BUS_URL.match(url) is None:
        raise ValueError("memory://, redis://, rediss:// or unix:// was expected at its beginning")
    try:
        _ = urlsplit(url).port
    except ValueError:
        raise ValueError(
            "a number was expected as the port; in a password, / : @ # ? are written "
            "%2F %3A %40 %23 %3F"
        ) from None
    return url


class Settings(BaseSettings):
    """Frozen once read; `FOVEA_DATA_DIR` is `data_dir`, and so on. What has no repr may hold a secret."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    data_dir: Path = Field(Path(".fovea"), description="where the server keeps what it stores")
    owner_pid: int | None = Field(
        None, ge=1, description="process without which the server ends; `fovea serve` sets it"
    )
    cors_origins: Annotated[frozenset[Origin], NoDecode, BeforeValidator(_listed_origins)] = Field(
        frozenset(), description="web origins whose pages may use the server, besides its own"
    )
    max_request_bytes: int = Field(1024 * 1024, ge=1, description="largest body of a request")
    max_sockets: int = Field(4096, ge=1, description="WebSockets that one process keeps open")
    bus_url: Annotated[str, AfterValidator(_bus_url)] = Field(
        "memory://", repr=False, description="where the processes of a server exchange events"
    )
    bus_retention: int = Field(
        20_000, ge=1, description="newest events that are kept for those who come back"
    )
    database_url: str | None = Field(
        None, repr=False, description="database of Fovea's own tables, if not MLflow's"
    )
    ray_address: str = Field(
        "", description="dashboard of the Ray cluster that trains, if not one on this machine"
    )
    public_url: str = Field(
        "", description="where trainings reach this server, if not as whoever starts them does"
    )
    alert_rules: Path | None = Field(
        None, description="file of alert rules beside the built-in ones"
    )
    silent_after_s: float = Field(
        1800,
        gt=0,
        description="seconds without a sign of life after which an alert says so; 30 for a run that "
        "the server controls",
    )
    notify_urls: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed_urls)] = Field(
        (), repr=False, description="services that are told of alerts, as Apprise's URLs"
    )
    notify_wait_s: float = Field(
        5, ge=0, description="seconds that a first alert waits for others of its run"
    )
    notify_interval_s: float = Field(
        60, ge=0, description="least seconds between messages about a run, if nothing is critical"
    )
    notify_repeat_s: float = Field(
        4 * 3600, ge=1, description="seconds after which open alerts are told again"
    )
    obey_timeout_s: float = Field(
        120, gt=0, description="seconds after which a job that does not stop is killed"
    )


def load_settings() -> Settings:
    """The settings of this process; StartError names the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        raise StartError("; ".join(map(_sentence, error.errors()))) from None


def _sentence(problem: ErrorDetails) -> str:
    name = str(problem["loc"][0])
    # A sentence of ours, or pydantic's own, which begins with a capital.
    said = str(problem.get("ctx", {}).get("error", "")) or problem["msg"].lower()
    came = f", but {problem['input']!r} came" if Settings.model_fields[name].repr else ""
    return f"{PREFIX}{name.upper()}: {said}{came}"
