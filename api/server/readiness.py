"""Waits until a server that this process has started answers."""

import subprocess
import time

import httpx

START_DEADLINE_S = 180.0
REQUEST_TIMEOUT_S = 5.0
POLL_INTERVAL_S = 0.25


def until_answering(server: subprocess.Popen[bytes], url: str) -> bool:
    """Whether the server answers; False once it has ended.

    Raises TimeoutError, with a sentence, if it does neither within START_DEADLINE_S.
    """
    deadline = time.monotonic() + START_DEADLINE_S
    while server.poll() is None:
        try:
            health = httpx.get(f"{url}/api/health", timeout=REQUEST_TIMEOUT_S, trust_env=False)
            if health.is_success:
                return True
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"The server did not answer within {START_DEADLINE_S:.0f} s")
        time.sleep(POLL_INTERVAL_S)
    return False
