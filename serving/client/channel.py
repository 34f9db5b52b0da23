"""Opens the client's channel: TLS, keep-alive, message sizes, and retries of UNAVAILABLE alone."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import grpc.aio

MAX_ANSWER_BYTES = 256 * 1024**2
"""Answers may carry heat maps, masks and DICOM objects of many images."""

SERVICE_CONFIG = json.dumps(
    {
        "methodConfig": [
            {
                "name": [
                    {"service": "serving.v1.DiagnosisService"},
                    {"service": "serving.v1.PredictionService"},
                ],
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.2s",
                    "maxBackoff": "2s",
                    "backoffMultiplier": 2,
                    # A refusal would be refused again, and a full queue wants fewer requests.
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)


@dataclass(frozen=True, kw_only=True)
class ServiceAddress:
    """`certificate` is a PEM file of the trusted certificates; with one, the channel uses TLS."""

    host: str = "localhost"
    port: int = 50051
    token: str = field(default="", repr=False)
    certificate: Path | None = None

    @property
    def target(self) -> str:
        is_ipv6 = ":" in self.host and not self.host.startswith("[")
        return f"[{self.host}]:{self.port}" if is_ipv6 else f"{self.host}:{self.port}"

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.token}"),) if self.token else ()


def open_channel(address: ServiceAddress) -> grpc.aio.Channel:
    """A channel of the running event loop; it connects with its first call. Raises OSError."""
    options = [
        ("grpc.max_receive_message_length", MAX_ANSWER_BYTES),
        ("grpc.keepalive_time_ms", 10_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.service_config", SERVICE_CONFIG),
    ]
    if address.certificate is None:
        return grpc.aio.insecure_channel(address.target, options=options)
    trusted = grpc.ssl_channel_credentials(address.certificate.read_bytes())
    return grpc.aio.secure_channel(address.target, trusted, options=options)
