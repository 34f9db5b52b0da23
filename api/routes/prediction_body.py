"""Reads the body of a prediction request: rows as JSON, or a file in a multipart form."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from api.errors import TooLargeError
from api.predictions.schemas import RowOptions, RowsRequest
from api.predictions.service import TableFile

MAX_JSON_BYTES = 1024**2
"""So that the rows fit into one gRPC message, in which they take twice as much at most."""
MAX_FIELD_BYTES = 4096
_FORM = "multipart/form-data"
_OPTIONS = frozenset(RowOptions.model_fields)

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": RowsRequest.model_json_schema()},
            _FORM: {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "CSV, TSV, Excel, Parquet or JSON Lines",
                        },
                        "sheet": {"type": "string", "description": "of a workbook with several"},
                        **RowOptions.model_json_schema()["properties"],
                    },
                }
            },
        },
    }
}
"""What a route documents of its body."""


async def prediction_body(request: Request) -> AsyncIterator[RowsRequest | TableFile]:
    """The rows or the file of the request, which is there until the end of the route."""
    if request.headers.get("content-type", "").lower().startswith(_FORM):
        limits = {"max_files": 1, "max_fields": len(_OPTIONS) + 1, "max_part_size": MAX_FIELD_BYTES}
        async with request.form(**limits) as form:
            yield _table_file(dict(form))
    else:
        yield _rows(await _json(request))


PredictionBody = Annotated[RowsRequest | TableFile, Depends(prediction_body)]


async def _json(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_JSON_BYTES:
            raise TooLargeError(
                f"Rows of at most {MAX_JSON_BYTES} bytes were expected, and more arrived: send fewer "
                "at once, or a file in a multipart form"
            )
    return bytes(body)


def _rows(body: bytes) -> RowsRequest:
    try:
        return RowsRequest.model_validate_json(body)
    except ValidationError as error:
        raise _refused(error) from None


def _table_file(form: dict[str, UploadFile | str]) -> TableFile:
    file = form.pop("file", None)
    if not isinstance(file, UploadFile):
        raise RequestValidationError(
            [{"loc": ("body", "file"), "msg": "a file was expected, as a part of the form"}]
        )
    sheet = form.pop("sheet", "")
    try:
        options = RowOptions.model_validate(form)
    except ValidationError as error:
        raise _refused(error) from None
    return TableFile(content=file, options=options, sheet=str(sheet))


def _refused(error: ValidationError) -> RequestValidationError:
    """Without the values: they may be of patients."""
    problems = error.errors(include_input=False, include_context=False, include_url=False)
    return RequestValidationError([{**it, "loc": ("body", *it["loc"])} for it in problems])
