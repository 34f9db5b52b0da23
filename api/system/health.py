"""The response of GET /api/health."""

from typing import Literal

from pydantic import BaseModel, Field


class Health(BaseModel):
    status: Literal["ok"] = "ok"
    version: str
    mlflow_version: str
    is_bus_connected: bool = Field(description="whether logged values reach sockets at once")
    num_sockets: int = Field(description="sockets that this process serves")
    num_unread_writes: int = Field(
        description="writes that MLflow accepted but that could not be parsed for the sockets"
    )
