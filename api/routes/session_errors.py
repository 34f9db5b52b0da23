"""Answers the errors of a router with `success: false` and one sentence, as pages of sessions read them."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from api.errors import ApiError, BadRequestError, refusal


class SessionRoute(APIRoute):
    """A wrong value in a form is a 400 that names the field and what was expected."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return _failure(request, BadRequestError(_sentence(error)))
            except ApiError as error:
                return _failure(request, error)

        return answered


def _failure(request: Request, error: ApiError) -> JSONResponse:
    response = refusal(request.scope, error)
    content = {"success": False, **json.loads(bytes(response.body))}
    headers = {name: it for name, it in response.headers.items() if not name.startswith("content-")}
    return JSONResponse(content, response.status_code, headers=headers)


def _sentence(error: RequestValidationError) -> str:
    problems = [
        f"{'.'.join(str(part) for part in problem['loc'][1:]) or 'form'}: {problem['msg']}"
        for problem in error.errors()
    ]
    return "; ".join(problems)
