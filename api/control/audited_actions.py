"""What a record of the audit is about."""

from enum import StrEnum

from api.control.transitions import Action


class LinkAction(StrEnum):
    """What a program did with a run's control link, beside the commands of people and rules."""

    TAKEOVER = "takeover"
    """It took the link over from a program that was no longer heard of."""


AuditedAction = Action | LinkAction
