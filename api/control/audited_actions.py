"""The actions that the audit records."""

from enum import StrEnum

from api.control.transitions import Action


class LinkAction(StrEnum):
    """An action of a program on a run's control link; people and rules give commands."""

    TAKEOVER = "takeover"
    """The program took the link over from another one, whose reports were overdue."""


AuditedAction = Action | LinkAction
