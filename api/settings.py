"""What the environment says about the server: every variable with the prefix FOVEA_, read here alone."""

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.errors import StartError

PREFIX = "FOVEA_"


class Settings(BaseSettings):
    """Frozen once read; `FOVEA_DATA_DIR` is `data_dir`, and so on."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    data_dir: Path = Field(Path(".fovea"), description="where the server keeps what it stores")
    owner_pid: int | None = Field(
        None, ge=1, description="process without which the server ends; `fovea serve` sets it"
    )


def load_settings() -> Settings:
    """The settings of this process; StartError names the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        problems = (
            f"{PREFIX}{str(problem['loc'][0]).upper()}: {problem['msg'].lower()}, "
            f"but {problem['input']!r} came"
            for problem in error.errors()
        )
        raise StartError("; ".join(problems)) from None
