"""Example responses of /api/v1/views."""

from collections.abc import Mapping
from typing import Any

VIEW: Mapping[str, Any] = {
    "view_id": "7c9e6679f4c84e0aa6ad2b1f3c5d8e90",
    "name": "Best of the retina team",
    "page": "table",
    "query": "search=tags.team+%3D+%27retina%27&sort=metrics.val_loss&order=asc",
    "created_at": "2026-06-13T08:22:10Z",
    "updated_at": "2026-06-13T08:22:10Z",
}
DELETED: Mapping[str, Any] = {"view_id": VIEW["view_id"]}
