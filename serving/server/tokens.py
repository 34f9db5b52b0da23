"""Admits callers that send the service's token as `authorization: Bearer <token>`."""

import hmac
from collections.abc import Awaitable, Callable, Sequence

import grpc
import grpc.aio

from serving.errors import Reason, ServingError
from serving.server.failures import grpc_status

OPEN_METHODS = frozenset({"/grpc.health.v1.Health/Check"})
"""Load balancers have no token, and learn here only whether the service is ready.

`Watch` is not among them: calls that last would let strangers take all places.
"""

_REFUSAL = grpc_status(
    ServingError(
        Reason.UNAUTHENTICATED,
        "The metadata 'authorization: Bearer <token>' was expected, with the token of the service "
        "(FOVEA_SERVING_TOKEN).",
    )
)


class TokenInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Refuses every call without the token, except those of OPEN_METHODS."""

    def __init__(self, token: str, count_refusal: Callable[[], None]) -> None:
        self._expected = f"Bearer {token}".encode()
        self._count_refusal = count_refusal

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        is_open = handler_call_details.method in OPEN_METHODS
        if is_open or self._is_admitted(handler_call_details.invocation_metadata):
            return await continuation(handler_call_details)
        self._count_refusal()
        return grpc.stream_stream_rpc_method_handler(_refuse)

    def _is_admitted(self, metadata: Sequence[tuple[str, str | bytes]]) -> bool:
        given = [value for key, value in metadata if key == "authorization"]
        if len(given) != 1:
            return False
        value = given[0].encode() if isinstance(given[0], str) else given[0]
        # In constant time: how long it takes says nothing about how much was right.
        return hmac.compare_digest(value, self._expected)


async def _refuse(_: object, context: grpc.aio.ServicerContext) -> None:
    await context.abort_with_status(_REFUSAL)
