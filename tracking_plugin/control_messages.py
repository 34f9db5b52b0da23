"""What a run and its server say to each other about control: the desired state down, the observed one up."""

from enum import StrEnum

import msgspec

from tracking_plugin.names import RunStatus

LONGEST_MESSAGE = 1000
"""Characters of a report's message."""


class Desired(StrEnum):
    """What a run is to be, as the server stores it."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Observed(StrEnum):
    """What a run says that it is: a status word, or RUNNING for a loop that knows no more than Desired."""

    STARTING = "starting"
    RUNNING = "running"
    TRAINING = "training"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    STOPPING = "stopping"
    STOPPED = "stopped"

    @property
    def status(self) -> RunStatus:
        return RunStatus.TRAINING if self is Observed.RUNNING else RunStatus(self)


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """The desired state; `command_id` is that of the command that made it so, 0 before any."""

    desired: Desired
    release: bool = False
    """Whether a pause is to give the accelerators back, to which a checkpoint is needed."""
    command_id: int = 0
    heard: int | None = None
    """Number of the run's report that the server has on record."""


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The observed state; repeated as a heartbeat."""

    observed: Observed
    number: int | None = None
    """Counts what is not a mere repetition, so that the server can say what it has heard."""
    command_id: int | None = None
    """Of the command that the run has taken notice of."""
    step: int | None = None
    message: str = ""
    released: bool = False
    """The run exits with its checkpoint saved, and is to be started again to go on."""


_command_decoder = msgspec.json.Decoder(Command)
_report_decoder = msgspec.json.Decoder(Report)
_encoder = msgspec.json.Encoder()


def encode(message: Command | Report) -> str:
    return _encoder.encode(message).decode()


def decode_command(text: str | bytes) -> Command:
    """msgspec.MsgspecError where `text` is none."""
    return _command_decoder.decode(text)


def decode_report(text: str | bytes) -> Report:
    """msgspec.MsgspecError where `text` is none."""
    return _report_decoder.decode(text)
