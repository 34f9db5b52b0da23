"""Settings of the recipe for tables."""

import json
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, JsonValue

from training.config import PATH, FrozenConfig
from training.tables.leaks.overrides import Override

MAX_DESCRIPTION_CHARS = 5_000


class EngineName(StrEnum):
    """Which program selects and trains models."""

    BUILTIN = "builtin"
    AUTOGLUON = "autogluon"
    TABICL = "tabicl"


def _read_json(value: Any) -> Any:
    """A list or an object that came as text, as command lines and MLflow's params carry it."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        # The validation of the field says what was expected.
        return value


def _read_names(value: Any) -> Any:
    """Names in a JSON list, or separated by commas."""
    read = _read_json(value)
    if isinstance(read, str):
        return [name.strip() for name in read.split(",") if name.strip()]
    return read


class TrialPlace(StrEnum):
    """Where the trials of the built-in engine run."""

    LOCAL = "local"
    RAY = "ray"
    AUTO = "auto"


class TablesConfig(FrozenConfig):
    """All settings of the recipe for tables."""

    data: str = Field(
        "",
        description="table: CSV, TSV, Excel, Parquet or JSON Lines",
        json_schema_extra=PATH,
    )
    description: str = Field(
        "",
        max_length=MAX_DESCRIPTION_CHARS,
        description="what is to be predicted, in a sentence",
    )
    answers: Annotated[dict[str, str], BeforeValidator(_read_json)] = Field(
        {}, description="the chosen option of each question, by the question's id"
    )
    group: str = Field(
        "",
        description="column whose rows of the same value are in one part; by default the one that "
        "the profile proposes",
    )
    grouped: bool = Field(True, description="keep the rows of a group in one part")
    date: str = Field(
        "", description="column of dates: the newest rows are held out; by default rows are drawn"
    )
    overrides: Annotated[tuple[Override, ...], BeforeValidator(_read_json)] = Field(
        (), description="columns to keep although they may give the answer away, with who and why"
    )
    learners: Annotated[tuple[str, ...], BeforeValidator(_read_names)] = Field(
        (), description="kinds of models to try; by default all"
    )
    hyperparameters: Annotated[dict[str, JsonValue], BeforeValidator(_read_json)] = Field(
        {}, description="of a single learner, which is then trained with them and not tuned"
    )
    engine: EngineName = Field(
        EngineName.BUILTIN,
        description="what selects and trains the models; autogluon and tabicl run in the "
        "environments that FOVEA_AUTOGLUON_PYTHON and FOVEA_TABICL_PYTHON name, to be compared on "
        "the same parts: their models are measured, but not registered",
    )
    trials: TrialPlace = Field(
        TrialPlace.LOCAL,
        description="where the trials of models run: local on the machine of the pipeline, ray as "
        "tasks on the Ray cluster of --launcher ray, auto on Ray if the cluster has more free "
        "cores than that machine",
    )
    budget_s: float = Field(
        300, ge=1, le=7 * 86_400, description="seconds for selection and training of models"
    )
    holdout_share: float = Field(
        0.2, gt=0, le=0.5, description="share of the rows on which the final score is measured"
    )
    num_folds: int = Field(5, ge=2, le=50, description="parts of the other rows")
    seed: int = Field(0, ge=0, lt=2**32, description="seed of parts, models and bootstrap")
    pretrained: str = Field(
        "",
        max_length=300,
        description="registered model, as name, name@alias or name/version, that predicts the rows "
        "of data; nothing is trained",
    )
    finetune: str = Field(
        "",
        max_length=300,
        description="registered model, as name, name@alias or name/version, that learns further "
        "from the rows of data, and becomes a new version of its name or of register_as; "
        "hyperparameters are those of its learners",
    )
    finetuned_alias: str = Field(
        "",
        max_length=250,
        description="alias that the fine-tuned version gets; by default no alias of its name moves",
    )
    test_data: str = Field(
        "",
        description="second table, whose rows the finished model predicts",
        json_schema_extra=PATH,
    )
