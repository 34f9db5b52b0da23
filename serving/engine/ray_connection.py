"""Connects this process to a Ray cluster, or to a head of its own on this machine, and starts Ray Serve there."""

import logging
import os
import threading
from collections.abc import Mapping

import ray
from ray import serve

from serving.engine.process_name import names_ended_process, own_process_name
from serving.settings import StartError
from tracking_plugin.ray_head import HeadError, LocalHead
from tracking_plugin.server_address import without_credentials

logger = logging.getLogger(__name__)

APP_PREFIX = "fovea-serving-"
NAMESPACE = "fovea-serving"


class RayConnection:
    """A connection that is made at the first use, and ended with what it has started. Methods block."""

    def __init__(self, address: str) -> None:
        """Without an address, a head starts on this machine, which ends with this process."""
        self._address = address
        self._head: LocalHead | None = None
        self._before: dict[str, str | None] = {}
        self._lock = threading.Lock()
        self._is_open = False
        self._num_apps = 0

    def open(self) -> None:
        """Connect, unless that was done. Raises StartError."""
        with self._lock:
            if self._is_open:
                return
            try:
                ray.init(
                    address=self._address or self._start_head(),
                    namespace=NAMESPACE,
                    log_to_driver=False,
                    logging_level=logging.WARNING,
                )
                # Our own server stands in front: Serve's proxies have neither TLS nor deadlines.
                serve.start(proxy_location="Disabled")
            except (HeadError, ConnectionError, RuntimeError, ValueError) as error:
                raise StartError(
                    f"Ray could not be reached at {without_credentials(self._address) or 'this machine'}: "
                    f"{without_credentials(str(error))}"
                ) from error
            self._is_open = True
            _delete_abandoned()

    def new_app_name(self) -> str:
        """A name in which this process is found again."""
        with self._lock:
            self._num_apps += 1
            return f"{APP_PREFIX}{own_process_name()}-{self._num_apps}"

    @property
    def has_gpus(self) -> bool:
        return bool(ray.cluster_resources().get("GPU", 0))

    def close(self) -> None:
        """Disconnect, and end the head of this process."""
        with self._lock:
            if self._is_open:
                ray.shutdown()
            self._is_open = False
            if self._head is not None:
                self._head.close()
                self._head = None
            self._restore_environment()

    def _start_head(self) -> str:
        if self._head is None or not self._head.is_alive:
            self._head = LocalHead()
            self._set_environment({"RAY_AUTH_TOKEN": self._head.token})
        return self._head.cluster_address

    def _set_environment(self, variables: Mapping[str, str]) -> None:
        """Ray reads these from the environment alone."""
        self._before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)

    def _restore_environment(self) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._before = {}


def _delete_abandoned() -> None:
    """Delete the applications of services on this machine that were killed before they could do it."""
    for name in serve.status().applications:
        is_ours = name.startswith(APP_PREFIX)
        if is_ours and names_ended_process(name.removeprefix(APP_PREFIX)):
            logger.info("An application that a killed service has left is deleted.")
            serve.delete(name, _blocking=False)
