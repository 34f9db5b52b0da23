"""Trainings under a control server, beside an MLflow store that needs no server."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest

from tests.tracking_plugin.control_server import ControlServer, control_server
from tracking_plugin.control import RunControl
from tracking_plugin.control_messages import Desired, Observed


@contextmanager
def controlled(monkeypatch: pytest.MonkeyPatch, opener: ModuleType) -> Iterator[ControlServer]:
    """A control server while inside; the RunControl that `opener` opens connects to it."""
    with control_server() as server:

        def connected(run_id: str, *, tracking_uri: str) -> RunControl:
            return RunControl(run_id, tracking_uri=server.url)

        monkeypatch.setattr(opener, "RunControl", connected)
        yield server


def stop_once_paused(server: ControlServer) -> None:
    """Wait until the run reports that it is paused, then tell it to stop."""
    try:
        server.wait_for_report(Observed.PAUSED)
    finally:
        server.set_desired(Desired.STOPPED)
