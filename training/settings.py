"""The environment variables of the training program."""

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TrainingSettings(BaseSettings):
    """The environment of `python -m training`; MLflow and Ray also read variables of their own."""

    model_config = SettingsConfigDict(env_prefix="FOVEA_", extra="ignore")

    data_dir: Path = Path(".fovea")
    ray_address: str = ""
    ray_job_address: str = Field("", validation_alias=AliasChoices("RAY_ADDRESS"))
    run_id: str = Field("", validation_alias=AliasChoices("MLFLOW_RUN_ID"))
    experiment_id: str = Field("", validation_alias=AliasChoices("MLFLOW_EXPERIMENT_ID"))

    @property
    def cluster_address(self) -> str:
        """The Ray cluster to train on; empty if the training starts its own."""
        return self.ray_job_address or self.ray_address
