"""The control of this server's runs, as the routes get at it."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from api.services import Control


def running_control(connection: HTTPConnection) -> Control:
    control = connection.app.state.control
    assert isinstance(control, Control)
    return control


RunningControl = Annotated[Control, Depends(running_control)]
