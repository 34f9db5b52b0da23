"""Whether a model may be registered, and what its version says of that."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class Registration(BaseModel):
    """A decision that a recipe makes about its best model at the end of a training."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    is_allowed: bool
    sentence: str
    """What was found and decided, for the run and for people."""
    tags: Mapping[str, str] = Field(default_factory=dict)
    """Of the model version, and of the run."""
    description: str = ""
    """A paragraph for the description of the version."""
