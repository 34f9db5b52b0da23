"""The environment variables of the training program."""

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, StringConstraints
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from tracking_plugin.data_roots import listed_roots

_Word = Annotated[str, StringConstraints(strip_whitespace=True)]


class TrainingSettings(BaseSettings):
    """The environment of `python -m training`; MLflow and Ray also read variables of their own."""

    model_config = SettingsConfigDict(env_prefix="FOVEA_", extra="ignore", env_ignore_empty=True)

    data_dir: Path = Path(".fovea")
    data_roots: Annotated[tuple[Path, ...] | None, NoDecode, BeforeValidator(listed_roots)] = None
    table_memory_bytes: int = Field(2**30, ge=2**20)
    """A table that needs more is read in batches, with at least 64 MiB; see `training.tables.large`."""
    cpu_threads: int = Field(0, ge=0, le=1024)
    """Threads of each rank that computes without a GPU; with 0 the ranks share all processors."""
    autogluon_python: Path | None = None
    """The Python of an environment with AutoGluon; see `training.tables.selection.autogluon_engine`."""
    tabicl_python: Path | None = None
    """The Python of an environment with TabICL; see `training.tables.selection.tabicl_engine`."""
    tabicl_checkpoint: Path | None = None
    ray_address: str = ""
    ray_job_address: str = Field("", validation_alias=AliasChoices("RAY_ADDRESS"))
    run_id: _Word = Field("", validation_alias=AliasChoices("MLFLOW_RUN_ID"))
    experiment_id: _Word = Field("", validation_alias=AliasChoices("MLFLOW_EXPERIMENT_ID"))
    experiment_name: _Word = Field("", validation_alias=AliasChoices("MLFLOW_EXPERIMENT_NAME"))

    @property
    def cluster_address(self) -> str:
        """The Ray cluster to train on; empty if the training starts its own."""
        return self.ray_job_address or self.ray_address
