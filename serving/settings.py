"""The settings of the service: its flags, and FOVEA_SERVING_* of the environment, which only this module reads."""

import os
import tempfile
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from tracking_plugin.names import CHAMPION

PREFIX = "FOVEA_SERVING_"

HOUR_S = 3600.0


class StartError(Exception):
    """Why the service cannot start, in a sentence that says what to do."""


class EngineKind(StrEnum):
    EMBEDDED = "embedded"
    RAY = "ray"


def _spool_dir() -> Path:
    return Path(tempfile.gettempdir()) / f"fovea-serving-{os.geteuid()}"


class ServingSettings(BaseSettings):
    """`max_batch_size` is --max-batch-size and FOVEA_SERVING_MAX_BATCH_SIZE, and so on.

    A field without repr is a secret: it has no flag, since every user can read those of a process.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, env_ignore_empty=True, allow_inf_nan=False, extra="ignore"
    )

    # The server.
    host: str = Field("127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(50051, ge=0, le=65535, description="port to listen on; 0 for a free one")
    token: str = Field(
        "",
        repr=False,
        description="bearer token that callers send; without one only loopback is served",
    )
    tls_certificate: Path | None = Field(None, description="PEM file of the certificate chain")
    tls_key: Path | None = Field(None, description="PEM file of the certificate's private key")
    metrics_port: int = Field(
        0, ge=0, le=65535, description="loopback port for Prometheus; 0 for none"
    )
    owner_pid: int | None = Field(
        None, ge=1, description="process with which the service ends; `fovea serve` sets it"
    )
    drain_s: float = Field(
        30, ge=0, le=HOUR_S, description="seconds that requests may take after SIGTERM"
    )

    # Requests.
    max_upload_bytes: int = Field(
        512 * 1024**2, ge=1, le=2**40, description="maximum size of the files of one request"
    )
    max_spool_bytes: int = Field(
        8 * 1024**3, ge=1, le=2**50, description="maximum size of all uploads at one time"
    )
    max_files: int = Field(64, ge=1, le=10_000, description="maximum number of files of a request")
    max_batch_items: int = Field(
        10_000, ge=1, le=10_000_000, description="maximum number of images of a batch request"
    )
    max_batch_in_flight: int = Field(
        8, ge=1, le=1024, description="images of one batch request that are held at one time"
    )
    max_active: int = Field(
        16, ge=1, le=10_000, description="number of requests that are worked on at one time"
    )
    max_waiting: int = Field(
        100, ge=0, le=100_000, description="number of requests that wait; more are refused"
    )
    request_timeout_s: float = Field(
        300, gt=0, le=24 * HOUR_S, description="seconds for a request whose caller sets no deadline"
    )
    upload_idle_s: float = Field(
        60, gt=0, le=HOUR_S, description="seconds without a chunk after which an upload is given up"
    )
    spool_dir: Path = Field(
        default_factory=_spool_dir,
        description="folder for uploads; default: one in the system's temporary folder",
    )

    # The model.
    tracking_uri: str = Field(
        "", repr=False, description="MLflow's model registry; default: MLFLOW_TRACKING_URI"
    )
    model: str = Field("fovea-retinal", min_length=1, description="name of the registered model")
    alias: str = Field(CHAMPION, min_length=1, description="alias of the version to serve")
    challenger_alias: str = Field(
        "challenger", description="alias of the version that sees the same images; empty for none"
    )
    quality_model: str = Field(
        "fovea-quality",
        description="registered model of the first gate; without one, classical measures serve",
    )
    segmentation_model: str = Field(
        "fovea-segmentation", description="registered model that draws masks"
    )
    poll_s: float = Field(
        5, gt=0, le=HOUR_S, description="seconds between looks at the alias in the registry"
    )

    # The engine.
    engine: EngineKind = Field(EngineKind.EMBEDDED, description="where the model runs")
    device: str = Field(
        "auto", description="auto, cpu, cuda or cuda:N; auto takes a GPU if there is one"
    )
    max_batch_size: int = Field(
        16, ge=1, le=4096, description="images that are predicted at one time"
    )
    max_batch_wait_ms: float = Field(
        5, ge=0, le=10_000, description="milliseconds that an image waits for others of its batch"
    )
    max_queued_images: int = Field(
        512, ge=1, le=1_000_000, description="images that wait for the model; more are refused"
    )
    ray_address: str = Field(
        "", description="Ray cluster of the engine ray; default: one on this machine"
    )
    replicas: int = Field(
        1, ge=1, le=1024, description="copies of each version on the engine ray, at least"
    )
    max_replicas: int = Field(
        0,
        ge=0,
        le=1024,
        description="copies up to which the engine ray scales by load; 0 for a fixed number",
    )
    scale_down_after_s: float = Field(
        600,
        ge=0,
        le=24 * HOUR_S,
        description="seconds with less load after which the engine ray ends a copy",
    )
    replica_cpus: float = Field(
        0.5, ge=0, le=1024, description="CPUs that Ray sets aside for each copy"
    )
    replica_gpus: float = Field(
        0.33,
        ge=0,
        le=64,
        description="share of a GPU for each copy; small enough for a new version, the old one and "
        "a challenger beside each other",
    )

    # The tables.
    max_table_models: int = Field(
        16,
        ge=1,
        le=10_000,
        description="models of tables that are loaded at one time; the one whose last request is "
        "the longest ago goes first",
    )
    max_table_model_bytes: int = Field(
        512 * 1024**2, ge=1, le=2**40, description="size of the files of a model of tables"
    )
    table_threads: int = Field(
        0,
        ge=0,
        le=256,
        description="threads that predict rows, and files that are predicted at one time; 0 for one "
        "per core, from 2 to 8",
    )
    max_rows: int = Field(
        1000, ge=1, le=1_000_000, description="rows of a request without a file; more are refused"
    )
    max_file_rows: int = Field(
        10_000_000, ge=1, le=2**40, description="rows of a file to predict; more are refused"
    )
    max_table_bytes: int = Field(
        512 * 1024**2,
        ge=2**20,
        le=2**50,
        description="size of the table of a file in memory",
    )
    table_read_timeout_s: float = Field(
        120, gt=0, le=HOUR_S, description="seconds after which reading the table of a file ends"
    )

    # The images.
    decode_workers: int = Field(
        0, ge=0, le=256, description="processes that decode; 0 for one per core, from 2 to 8"
    )
    decode_timeout_s: float = Field(
        30, gt=0, le=HOUR_S, description="seconds after which decoding one file is given up"
    )
    decode_memory_bytes: int = Field(
        2 * 1024**3, ge=2**29, le=2**50, description="memory limit of a process that decodes"
    )
    max_pixels: int = Field(
        256 * 1024**2,
        ge=1,
        le=2**40,
        description="pixels of all files of a request, in all frames; more are refused",
    )
    max_inflated_bytes: int = Field(
        512 * 1024**2, ge=1, le=2**50, description="size to which a deflated file may inflate"
    )
    max_frames: int = Field(
        256,
        ge=1,
        le=100_000,
        description="frames of a volume that are predicted; others are skipped",
    )

    # The answers.
    urgency_rules: Path | None = Field(
        None, description="YAML file of urgency rules in place of the built-in ones"
    )

    @property
    def has_tls(self) -> bool:
        return self.tls_certificate is not None

    @model_validator(mode="after")
    def _require_both_tls_files(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError(
                f"{PREFIX}TLS_CERTIFICATE and {PREFIX}TLS_KEY belong together: set both or none"
            )
        return self

    @model_validator(mode="after")
    def _require_room_to_scale(self) -> Self:
        if 0 < self.max_replicas < self.replicas:
            raise ValueError(
                f"{PREFIX}MAX_REPLICAS is {self.max_replicas}, below the {self.replicas} of "
                f"{PREFIX}REPLICAS, the least: raise it, or set it to 0 for a fixed number"
            )
        return self

    @model_validator(mode="after")
    def _require_token_off_loopback(self) -> Self:
        if not self.token and not is_loopback(self.host):
            raise ValueError(
                f"without a token the service listens on this machine only, and {self.host!r} is "
                f"reached from others: set {PREFIX}TOKEN to a secret, or the host to 127.0.0.1"
            )
        return self


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def load_settings(**given: str) -> ServingSettings:
    """The settings of this process; `given` values take precedence over the environment.

    Raises StartError, which names the setting.
    """
    try:
        return ServingSettings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise StartError("; ".join(map(_sentence, error.errors()))) from None


def _sentence(problem: ErrorDetails) -> str:
    reason = str(problem.get("ctx", {}).get("error", "")) or problem["msg"].lower()
    if not problem["loc"]:
        return reason
    name = str(problem["loc"][0])
    received = f", but {problem['input']!r} came" if ServingSettings.model_fields[name].repr else ""
    return f"{PREFIX}{name.upper()} or --{name.replace('_', '-')}: {reason}{received}"
