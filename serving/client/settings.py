"""Where the command-line client finds the service: FOVEA_SERVING_* of the environment, as the service itself."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ClientSettings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="FOVEA_SERVING_", frozen=True, env_ignore_empty=True, extra="ignore"
    )

    host: str = "127.0.0.1"
    port: int = 50051
    token: str = Field("", repr=False)
    tls_certificate: Path | None = None
