"""GET /api/asyncapi.json: the document of the WebSockets."""

from typing import Any

from fastapi import APIRouter

from api.live.asyncapi import asyncapi_document
from api.projects.asyncapi import with_project_stream

router = APIRouter(prefix="/api", tags=["docs"])


@router.get("/asyncapi.json")
async def get_asyncapi() -> dict[str, Any]:
    """The AsyncAPI document of the WebSockets `/ws` and of projects."""
    return with_project_stream(asyncapi_document())
