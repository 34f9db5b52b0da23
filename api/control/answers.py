"""What whoever has commanded a run is told, in a sentence that promises nothing."""

from api.control.audit import CommandRecord
from api.control.outcomes import Outcome
from api.control.schemas import ControlResponse, ControlResult
from api.control.state import ControlState
from api.control.transitions import Action
from tracking_plugin.names import RunStatus


def answer(line: CommandRecord, state: ControlState, now_ms: int) -> ControlResponse:
    """The answer to the command of `line`, given the run's state now."""
    has_failed = line.outcome not in (Outcome.DONE, Outcome.PENDING)
    return ControlResponse(
        status=ControlResult.ERROR if has_failed else ControlResult.SUCCESS,
        message=_sentence(line, state, now_ms),
        training_status=state.status,
        run_id=state.run_id,
        acknowledged=line.outcome is Outcome.DONE,
        released=state.is_released,
        step=state.step,
    )


def _sentence(line: CommandRecord, state: ControlState, now_ms: int) -> str:
    match line.outcome:
        case Outcome.SUPERSEDED:
            return (
                f"Another command came before the run had obeyed: it is to be {state.desired} now"
            )
        case Outcome.PENDING:
            return _not_yet(line.action, state, now_ms)
        case Outcome.DONE:
            return _done(line, state)
        case _:
            return line.message or f"The run could not {line.action}"


def _not_yet(action: Action, state: ControlState, now_ms: int) -> str:
    if state.is_silent(now_ms):
        return f"Stored, but the run is silent: it will {action} if it is heard of again"
    if not state.has_link:
        return f"Stored: the run will {action} as soon as it listens"
    return f"The run has been told to {action} and has not answered yet"


def _done(line: CommandRecord, state: ControlState) -> str:
    at = "" if state.step is None else f" after step {state.step}"
    if not state.is_live:
        return f"The run is {state.status}"
    if state.command_id != line.command_id:
        return f"The run has obeyed; by another command, it is to be {state.desired} now"
    if line.action is Action.STOP:
        return f"The run is stopping{at}: it saves, and ends"
    if state.status is RunStatus.PAUSED:
        kept = "has given its accelerators back" if state.is_released else "keeps its accelerators"
        return f"The run is paused{at} and {kept}"
    return f"The run goes on{at}"
