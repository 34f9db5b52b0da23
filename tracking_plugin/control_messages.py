"""The messages of the control link: the server sends the desired state, the run reports the observed one.

Both carry instructions as well: commands that are carried out once, such as to skip a trial. Each
side repeats its part until the other's shows that it has it. The server lists the open instructions.
The run names those that it takes; the server stores that, and lists them as taken; only then does
the run carry them out. The run answers them, until the server lists them no more.
"""

from enum import StrEnum
from typing import Any

import msgspec

from tracking_plugin.names import RunStatus

MAX_MESSAGE_CHARS = 1000
"""The length at which a report's message is truncated."""

MAX_STEP = 2**53
"""The largest step: larger ones are not exact in JavaScript."""

HEARTBEAT_S = 10.0
"""A run with an open control link reports at least this often."""

PAUSE_SYNC_INTERVAL_S = 1.0
"""While a run is paused, its ranks run a collective this often, so that none of them times out."""


MAX_OPEN_INSTRUCTIONS = 100
"""The number of instructions of one run that may wait for their answer."""

MAX_UNDERSTOOD_NAMES = 32

MAX_ANSWERS = 5
"""Answers in one report: with the longest messages, a report stays below the server's limit of 64 KiB."""


class Desired(StrEnum):
    """The state that the server wants a run to be in."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Observed(StrEnum):
    """The state that a run reports; a loop that only echoes Desired reports RUNNING for TRAINING."""

    STARTING = "starting"
    RUNNING = "running"
    TRAINING = "training"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    """The loop has ended with an error, and with it its run."""
    DETACHED = "detached"
    """The loop has ended and listens no more; its run may go on."""

    @property
    def status(self) -> RunStatus:
        if self in (Observed.RUNNING, Observed.DETACHED):
            return RunStatus.TRAINING
        return RunStatus.ERROR if self is Observed.FAILED else RunStatus(self)


class InstructionResult(StrEnum):
    """The answer of a run to an instruction."""

    DONE = "done"
    REFUSED = "refused"


class Instruction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An instruction that the run has not answered yet; no two have the same id."""

    id: int
    name: str
    arguments: dict[str, Any] = {}
    taken: bool = False
    """The server has stored that this program takes it: from here on, no other program gets it."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`step` is the one at which the instruction took effect, or was refused."""

    id: int
    result: InstructionResult
    step: int | None = None
    message: str = ""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """The desired state, with the id of the command that set it (0 before the first command)."""

    desired: Desired
    release: bool = False
    """Whether a pause releases the accelerators: the run saves a checkpoint and exits."""
    command_id: int = 0
    heard: int | None = None
    """Acknowledges the run's report of this number: the server has stored it."""
    secret: str | msgspec.UnsetType = msgspec.UNSET
    """To be presented with each further connection; only in the first message to a new program."""
    instructions: list[Instruction] | msgspec.UnsetType = msgspec.UNSET
    """All open instructions; unset if nothing has changed, or if the run understands none."""
    takes_console: bool | msgspec.UnsetType = msgspec.UNSET
    """Whether the server takes the lines that the program prints; only in the first message."""


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The observed state; the newest report is repeated as a heartbeat."""

    observed: Observed
    number: int | None = None
    """Counts the reports of a run, repetitions excluded, for the server's acknowledgement."""
    command_id: int | None = None
    """The command that this report acknowledges."""
    step: int | None = None
    message: str = ""
    released: bool = False
    """The run has saved a checkpoint and exits; to resume it, the server starts it again."""
    program: str = ""
    """Tells the programs of a run apart: what one has taken, no other carries out."""
    understands: list[str] | msgspec.UnsetType = msgspec.UNSET
    """The names of the instructions that the program understands."""
    taken: list[int] = []
    """The ids of the instructions that the program wants to carry out."""
    answers: list[Answer] = []


class ConsoleLines(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Lines that the program has printed, oldest first; `dropped` others before them are not sent."""

    console: list[str] | msgspec.UnsetType = msgspec.UNSET
    """Unset if the message is not one of lines, but a report."""
    dropped: int = 0


_command_decoder = msgspec.json.Decoder(Command)
_console_decoder = msgspec.json.Decoder(ConsoleLines)
_report_decoder = msgspec.json.Decoder(Report)
_encoder = msgspec.json.Encoder()


def encode(message: Command | Report | ConsoleLines) -> str:
    return _encoder.encode(message).decode()


def decode_command(text: str | bytes) -> Command:
    """Raises msgspec.MsgspecError if `text` is not a command."""
    return _command_decoder.decode(text)


def decode_console(text: str | bytes) -> ConsoleLines:
    """Raises msgspec.MsgspecError if `text` is neither lines nor a report."""
    return _console_decoder.decode(text)


def decode_report(text: str | bytes) -> Report:
    """Raises msgspec.MsgspecError if `text` is not a report."""
    return _report_decoder.decode(text)
