"""GET /api/health: whether the server answers, and as what."""

from typing import Literal

import mlflow
from fastapi import APIRouter
from pydantic import BaseModel

from api.version import own_version

router = APIRouter(prefix="/api", tags=["health"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"
    version: str
    mlflow_version: str


@router.get("/health")
async def get_health() -> Health:
    return Health(version=own_version(), mlflow_version=mlflow.__version__)
