"""What the server says of itself."""

from typing import Literal

from pydantic import BaseModel, Field


class Health(BaseModel):
    status: Literal["ok"] = "ok"
    version: str
    mlflow_version: str
    is_bus_connected: bool = Field(description="whether what is logged reaches watchers at once")
    num_sockets: int = Field(description="watchers that this process serves")
    num_unread_writes: int = Field(
        description="writes that MLflow accepted from a client and watchers did not see"
    )
