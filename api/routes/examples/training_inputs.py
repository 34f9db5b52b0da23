"""Example responses of /api/datasets and /api/models."""

from collections.abc import Mapping
from typing import Any

DATASET: Mapping[str, Any] = {
    "id": 1,
    "name": "fundus with captions",
    "kind": "captioned_images",
    "path": "/data/fundus",
    "num_images": 1240,
    "num_captions": 1236,
    "num_unmatched_captions": 1,
    "unknown": "",
    "counted_at": "2026-06-13T08:20:02Z",
    "created_at": "2026-06-13T08:20:02Z",
    "updated_at": "2026-06-13T08:20:02Z",
}
BASE_MODEL: Mapping[str, Any] = {
    "id": 1,
    "name": "SDXL base",
    "path": "/models/sdxl-base",
    "hub_id": None,
    "family": "sdxl",
    "pipeline": "StableDiffusionXLPipeline",
    "licence": "openrail++",
    "size_bytes": 13_875_634_032,
    "unknown": "",
    "inspected_at": "2026-06-13T08:20:30Z",
    "created_at": "2026-06-13T08:20:30Z",
    "updated_at": "2026-06-13T08:20:30Z",
}
INPUT_DELETED: Mapping[str, Any] = {"id": 1}
