"""Opens the port of the gRPC server, with TLS where certificates are named, and says why if it cannot."""

import errno
import os
import socket
import ssl
from collections.abc import Mapping

import grpc
import grpc.aio

from serving.settings import PREFIX, ServingSettings, StartError

MIN_PING_INTERVAL_MS = 5_000
"""Clients may ping this often, also without calls; B's client pings every 10 s."""


def keep_alive_options(min_ping_interval_ms: int = MIN_PING_INTERVAL_MS) -> Mapping[str, int]:
    """Channel options of a server that does not send such clients away with "too many pings"."""
    return {
        "grpc.keepalive_permit_without_calls": 1,
        "grpc.http2.min_ping_interval_without_data_ms": min_ping_interval_ms,
        # Notice a caller whose machine is gone, so that its work can be dropped.
        "grpc.keepalive_time_ms": 30_000,
        "grpc.keepalive_timeout_ms": 10_000,
    }


def server_options() -> list[tuple[str, int]]:
    # Without SO_REUSEPORT a second service on the same port is an error, and not a share of the calls.
    return [*keep_alive_options().items(), ("grpc.so_reuseport", 0)]


def bind(server: grpc.aio.Server, settings: ServingSettings) -> int:
    """The port on which `server` will listen. Raises StartError, which says what to do."""
    address = f"{bracketed(settings.host)}:{settings.port}"
    try:
        if settings.has_tls:
            port = server.add_secure_port(address, _credentials(settings))
        else:
            port = server.add_insecure_port(address)
    except RuntimeError:
        raise StartError(_why_not(settings.host, settings.port)) from None
    return int(port)


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _credentials(settings: ServingSettings) -> grpc.ServerCredentials:
    assert settings.tls_certificate is not None
    assert settings.tls_key is not None
    try:
        # gRPC says only that it cannot bind; this says what is wrong with the files.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            settings.tls_certificate, settings.tls_key
        )
        pair = settings.tls_key.read_bytes(), settings.tls_certificate.read_bytes()
    except ssl.SSLError as error:
        raise StartError(
            f"{PREFIX}TLS_CERTIFICATE and {PREFIX}TLS_KEY: a PEM certificate and its own private "
            f"key were expected, but OpenSSL says {error.reason}"
        ) from None
    except OSError as error:
        raise StartError(
            f"{PREFIX}TLS_CERTIFICATE or {PREFIX}TLS_KEY cannot be read: {error.strerror}"
        ) from None
    return grpc.ssl_server_credentials([pair])


def _why_not(host: str, port: int) -> str:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return (
                f"port {port} of {host} is taken by another program: end it, or choose another port "
                f"with --port or {PREFIX}PORT"
            )
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        return f"the service cannot listen on {host} port {port}: {reason}"
    return f"the service cannot listen on {host} port {port}: try another port with --port"
