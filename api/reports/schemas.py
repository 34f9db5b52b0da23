"""The request bodies of the routes that make reports."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.runs.table.schemas import MOST_COMPARED

MOST_RUNS = MOST_COMPARED
"""As many as a comparison has."""

STORED_HEADER = "X-Fovea-Report"
"""Of the response about a stored report: its run and the artifact's path, as RUN_ID/PATH."""

RunId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Language(StrEnum):
    EN = "en"
    FR = "fr"


class ReportOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    language: Language = Field(Language.EN, description="of the report's own texts")
    store: bool = Field(
        False,
        description="keep the page as an artifact `reports/….html` of the run, of several runs the "
        "first, of a project that of its pipeline",
    )


class ReportRequest(ReportOptions):
    """One run, or several that are compared, in the order of the report."""

    run_ids: list[RunId] = Field(min_length=1, max_length=MOST_RUNS)
