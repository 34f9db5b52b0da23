"""The types of the requests and responses about data sets and base models."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from tracking_plugin.base_models import HUB_ID

_NO_NUL = r"^[^\x00]*$"
"""PostgreSQL stores no character NUL."""

InputName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=250, pattern=_NO_NUL),
    Field(description="not the name of another one"),
]
InputPath = Annotated[
    str,
    StringConstraints(min_length=1, max_length=4096, pattern=_NO_NUL),
    Field(description="absolute path on the server's machine, in a folder of FOVEA_DATA_ROOTS"),
]
Licence = Annotated[str, StringConstraints(max_length=2000, pattern=_NO_NUL)]

_ONE_SOURCE: list[JsonValue] = [
    {"required": [given], "properties": {given: {"type": "string"}, other: {"type": "null"}}}
    for given, other in (("path", "hub_id"), ("hub_id", "path"))
]


class DatasetKind(StrEnum):
    """How the folder of a data set is laid out."""

    CAPTIONED_IMAGES = "captioned_images"
    """Images, each with a caption of the same name, in any folders."""
    CLASS_FOLDERS = "class_folders"
    """`train|val|test/<class>/`."""
    MASKED_IMAGES = "masked_images"
    """Images and their masks."""


class NewDataset(BaseModel):
    """A folder of images to register."""

    model_config = ConfigDict(extra="forbid")

    name: InputName
    path: InputPath
    kind: DatasetKind = DatasetKind.CAPTIONED_IMAGES


class Dataset(BaseModel):
    """A registered folder. Numbers are those of the time of the count, and null if it did not end."""

    id: int
    name: str
    kind: DatasetKind
    path: str
    num_images: int | None = Field(description="files that are images by their ending")
    num_captions: int | None = Field(
        description="images with a .txt or .caption file of the same name in their folder"
    )
    num_unmatched_captions: int | None = Field(
        description="files .txt or .caption without an image of the same name"
    )
    unknown: str = Field(description="why numbers are null; empty if they are known")
    counted_at: datetime
    created_at: datetime
    updated_at: datetime


class NewBaseModel(BaseModel):
    """A model that trainings start from: at a path, or on the Hugging Face hub."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"oneOf": _ONE_SOURCE})

    name: InputName
    path: InputPath | None = None
    hub_id: Annotated[str, StringConstraints(pattern=HUB_ID)] | None = Field(
        None, description="such as stabilityai/stable-diffusion-xl-base-1.0"
    )
    licence: Licence = Field(
        "",
        description="what the licence allows; default: `license` of the model card in the folder",
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> "NewBaseModel":
        if (self.path is None) == (self.hub_id is None):
            raise ValueError("give either `path`, a folder or file, or `hub_id`, not both")
        return self


class RegisteredModel(BaseModel):
    """A registered base model. Its facts are those of the time at which it was looked at."""

    id: int
    name: str
    path: str | None = None
    hub_id: str | None = None
    family: str | None = Field(description="such as sd15, sdxl or flux, from model_index.json")
    pipeline: str | None = Field(description="class of the pipeline in model_index.json")
    licence: str
    size_bytes: int | None = Field(description="of all files together")
    unknown: str = Field(description="why a fact is null; empty if all are known")
    inspected_at: datetime
    created_at: datetime
    updated_at: datetime


class NewName(BaseModel):
    """Another name."""

    model_config = ConfigDict(extra="forbid")

    name: InputName


class InputDeleted(BaseModel):
    """The answer to a deletion; files stay where they are."""

    id: int
