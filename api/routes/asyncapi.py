"""GET /api/asyncapi.json: the document of the WebSocket `/ws`."""

from typing import Any

from fastapi import APIRouter

from api.live.asyncapi import asyncapi_document

router = APIRouter(prefix="/api", tags=["docs"])


@router.get("/asyncapi.json")
async def get_asyncapi() -> dict[str, Any]:
    """The AsyncAPI document of the WebSocket `/ws`."""
    return asyncapi_document()
