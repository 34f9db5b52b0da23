"""The actions that the audit records."""

from enum import StrEnum

from api.control.transitions import Action


class LinkAction(StrEnum):
    """An action of a program on a run's control link; people and rules give commands."""

    TAKEOVER = "takeover"
    """The program took the link over from another one, whose reports were overdue."""


class InstructionAction(StrEnum):
    """A command that is carried out once; its name and its arguments say which."""

    INSTRUCT = "instruct"


AuditedAction = Action | LinkAction | InstructionAction


def audited_action(stored: str) -> AuditedAction:
    """The action of a record, as the database stores it."""
    for actions in (LinkAction, InstructionAction):
        if stored in list(actions):
            return actions(stored)
    return Action(stored)
