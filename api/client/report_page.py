"""A report as the server has made it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """One page of HTML that loads nothing else."""

    html: str
    file_name: str
    """A name for the page, with its kind, its time and the beginning of its SHA-256."""
    stored_as: str | None
    """RUN_ID/PATH of the artifact, if it is stored."""
