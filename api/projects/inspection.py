"""The result of an inspection, as the child process prints it and as projects keep it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Question(BaseModel):
    """A question that has to be answered before the pipeline can start."""

    id: str
    text: str
    options: list[str]


class GroupChoice(BaseModel):
    """The column whose rows stay in the same split, and why."""

    column: str
    reason: str


class TargetFound(BaseModel):
    """What is to be predicted, and why."""

    model_config = ConfigDict(extra="ignore")

    column: str
    problem_type: str
    num_classes: int = 0
    classes: dict[str, int] = Field({}, description="rows of each class, at most of 100")
    undecided: list[str] = Field([], description="labels that say that nothing is decided")
    ranks_undecided: bool = Field(False, description="whether rows with these labels are ranked")
    num_unlabelled: int = 0
    reason: str = ""
    alternatives: list[str] = []
    notes: list[str] = []


class Inspection(BaseModel):
    """`question` is None once everything is known that a pipeline needs."""

    model_config = ConfigDict(extra="ignore")

    file_type: str
    sheet: str | None = None
    num_rows: int | None = None
    num_columns: int | None = None
    columns: list[dict[str, Any]] = Field([], description="the first 500 columns")
    profile: dict[str, Any] = {}
    target: TargetFound | None = None
    group: GroupChoice | None = None
    date: str | None = None
    question: Question | None = None
    offers: list[Question] = Field([], description="questions that need no answer")
    notes: list[str] = []

    @property
    def is_of_images(self) -> bool:
        return self.file_type == "image_zip"
