"""Data sets and base models in a real database: registered, counted, renamed, used and deleted."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError

from api.errors import ConflictError, NotFoundError
from api.jobs.kinds import EVALUATE, TRAINING
from api.jobs.store import Job, JobState, JobStore
from api.pages import Page
from api.storage.database import Database
from api.training_inputs.base_models import BaseModelService
from api.training_inputs.datasets import DatasetService
from api.training_inputs.folder_files import WalkLimits
from api.training_inputs.inspection import InputInspector
from api.training_inputs.resolution import InputResolver
from api.training_inputs.schemas import DatasetKind, NewBaseModel, NewDataset
from tracking_plugin.data_roots import DataRoots

pytestmark = pytest.mark.anyio

ANYWHERE = DataRoots(None)
PAGE = Page(limit=10)


def inspector(*, trains_here: bool = True, **limits: Any) -> InputInspector:
    return InputInspector(WalkLimits(**limits), trains_here=trains_here)


@pytest.fixture
def datasets(database: Database) -> DatasetService:
    return DatasetService(database, inspector())


@pytest.fixture
def models(database: Database) -> BaseModelService:
    return BaseModelService(database, inspector())


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("a.png", "a.txt", "b.png"):
        (folder / name).write_bytes(b"x")
    return folder


def dataset(name: str, path: Path, **fields: Any) -> NewDataset:
    return NewDataset(name=name, path=str(path), **fields)


async def test_the_numbers_are_those_of_the_last_count(
    datasets: DatasetService, images: Path
) -> None:
    added = await datasets.add(None, dataset("fundus", images), ANYWHERE)
    assert (added.num_images, added.num_captions, added.unknown) == (2, 1, "")
    (images / "c.png").write_bytes(b"x")

    assert (await datasets.find(None, added.id)).num_images == 2
    counted = await datasets.count_again(None, added.id, ANYWHERE)
    assert counted.num_images == 3
    assert counted.counted_at >= added.counted_at
    assert await datasets.find(None, added.id) == counted


async def test_a_number_that_is_not_true_any_more_is_unknown(
    database: Database, images: Path
) -> None:
    added = await DatasetService(database, inspector()).add(
        None, dataset("fundus", images), ANYWHERE
    )
    limited = DatasetService(database, inspector(max_entries=2))

    counted = await limited.count_again(None, added.id, ANYWHERE)
    assert (counted.num_images, counted.num_captions) == (None, None)
    assert "more than 2 files" in counted.unknown


async def test_data_sets_are_listed_by_name_and_kind_in_their_workspace(
    datasets: DatasetService, images: Path
) -> None:
    await datasets.add(None, dataset("b", images), ANYWHERE)
    await datasets.add(None, dataset("A", images, kind=DatasetKind.MASKED_IMAGES), ANYWHERE)
    other = await datasets.add("other", dataset("A", images), ANYWHERE)

    assert [it.name for it in (await datasets.listed(None, None, PAGE)).entries] == ["A", "b"]
    masked = await datasets.listed(None, DatasetKind.MASKED_IMAGES, PAGE)
    assert ([it.name for it in masked.entries], masked.total) == (["A"], 1)
    assert (await datasets.number_of(None), await datasets.number_of("other")) == (2, 1)
    with pytest.raises(NotFoundError, match="GET /api/datasets"):
        await datasets.find(None, other.id)


async def test_a_name_is_taken_once(datasets: DatasetService, images: Path) -> None:
    await datasets.add(None, dataset("a", images), ANYWHERE)
    second = await datasets.add(None, dataset("b", images), ANYWHERE)

    with pytest.raises(ConflictError, match="already a data set named 'a'"):
        await datasets.add(None, dataset("a", images), ANYWHERE)
    with pytest.raises(ConflictError, match="already a data set named 'a'"):
        await datasets.rename(None, second.id, "a")
    assert (await datasets.rename(None, second.id, "c")).name == "c"


@pytest.mark.parametrize(
    ("path", "roots", "message"),
    [
        ("relative/folder", ANYWHERE, "absolute path"),
        ("/nowhere/at/all", ANYWHERE, "nothing at this path"),
        ("/etc/passwd", ANYWHERE, "a folder was expected"),
        ("/etc", DataRoots(()), "no folder is allowed"),
        ("/etc", DataRoots((Path("/data"),)), "FOVEA_DATA_ROOTS"),
    ],
)
async def test_a_path_that_cannot_be_used_is_refused(
    datasets: DatasetService, path: str, roots: DataRoots, message: str
) -> None:
    with pytest.raises(RequestValidationError) as refused:
        await datasets.add(None, NewDataset(name="a", path=path), roots)

    (problem,) = refused.value.errors()
    assert problem["loc"] == ("body", "path")
    assert message in problem["msg"]
    assert await datasets.number_of(None) == 0


async def test_a_path_of_a_cluster_elsewhere_has_no_numbers(database: Database) -> None:
    remote = DatasetService(database, inspector(trains_here=False))

    added = await remote.add(None, dataset("a", Path("/on/the/cluster")), ANYWHERE)
    assert (added.num_images, added.unknown) == (
        None,
        "The path does not exist on the server's machine",
    )


async def test_the_id_of_a_deleted_data_set_is_not_given_again(
    datasets: DatasetService, images: Path
) -> None:
    first = await datasets.add(None, dataset("a", images), ANYWHERE)
    await datasets.remove(None, first.id)

    assert (await datasets.add(None, dataset("a", images), ANYWHERE)).id > first.id
    with pytest.raises(NotFoundError):
        await datasets.remove(None, first.id)


async def test_a_base_model_keeps_the_licence_that_it_was_given(
    models: BaseModelService, tmp_path: Path
) -> None:
    index = tmp_path / "model_index.json"
    index.write_text('{"_class_name": "FluxPipeline"}')
    (tmp_path / "README.md").write_text("---\nlicense: of the card\n---\n")
    new = NewBaseModel(name="mine", path=str(tmp_path), licence="for research alone")
    named = await models.add(None, new, ANYWHERE)
    unnamed = await models.add(None, NewBaseModel(name="b", path=str(tmp_path)), ANYWHERE)
    index.write_text('{"_class_name": "StableDiffusionXLPipeline"}')

    assert (named.family, named.licence) == ("flux", "for research alone")
    assert unnamed.licence == "of the card"
    again = await models.inspect_again(None, named.id, ANYWHERE)
    assert (again.family, again.licence) == ("sdxl", "for research alone")


async def test_a_model_on_the_hub_is_not_looked_at(models: BaseModelService) -> None:
    added = await models.add(None, NewBaseModel(name="a", hub_id="some/model-1.0"), ANYWHERE)

    assert (added.hub_id, added.path, added.family, added.size_bytes) == (
        *("some/model-1.0", None),
        *(None, None),
    )
    assert "hub" in added.unknown


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a"},
        {"name": "a", "path": "/a", "hub_id": "b/c"},
        {"name": "a", "hub_id": "no-owner"},
        {"name": "a", "hub_id": "../../etc/passwd"},
        {"name": " ", "path": "/a"},
        {"name": "a\0", "path": "/a"},
    ],
)
def test_a_base_model_has_one_source_and_a_name(body: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        NewBaseModel.model_validate(body)


def job_with(state: JobState, **spec: Any) -> Job:
    return Job(
        run_id="a" * 32,
        workspace=None,
        kind="training",
        spec=json.dumps(spec),
        tracking_uri="http://localhost",
        state=state,
        created_ms=0,
    )


@pytest.mark.parametrize("state", list(JobState))
async def test_what_an_unfinished_job_uses_cannot_be_deleted(
    database: Database, datasets: DatasetService, images: Path, state: JobState
) -> None:
    used = await datasets.add(None, dataset("used", images), ANYWHERE)
    other = await datasets.add(None, dataset("other", images), ANYWHERE)
    JobStore(database).add(job_with(state, dataset_id=used.id, base_model_id=other.id))

    await datasets.remove(None, other.id)
    if state is JobState.ENDED:
        await datasets.remove(None, used.id)
        return
    with pytest.raises(ConflictError, match=f"used by the job {'a' * 32}"):
        await datasets.remove(None, used.id)
    assert (await datasets.find(None, used.id)).name == "used"


async def test_ids_are_replaced_by_what_they_stand_for(
    datasets: DatasetService, models: BaseModelService, images: Path
) -> None:
    data = await datasets.add(None, dataset("a", images), ANYWHERE)
    weights = images / "weights.safetensors"
    weights.write_bytes(b"x")
    model = await models.add(None, NewBaseModel(name="a", path=str(weights)), ANYWHERE)
    resolver = InputResolver(datasets, models)
    params = {"recipe": "retinal", "dataset_id": data.id, "base_model_id": model.id}

    found = await resolver.resolved(TRAINING, params, None, ("body",))
    assert found == {**params, "data": str(images), "params": {"weights": str(weights)}}
    assert await resolver.resolved(EVALUATE, params, None, ("body",)) == params


async def test_a_model_on_the_hub_is_given_by_its_id(
    datasets: DatasetService, models: BaseModelService
) -> None:
    model = await models.add(None, NewBaseModel(name="a", hub_id="owner/name"), ANYWHERE)
    params = {"recipe": "diffusion", "base_model_id": model.id, "params": {"method": "lora"}}

    found = await InputResolver(datasets, models).resolved(TRAINING, params, None, ("body",))
    assert found["params"] == {"method": "lora", "base_model_id": "owner/name"}


@pytest.mark.parametrize(
    ("recipe", "settings", "message"),
    [
        ("retinal", {}, "is an id on the hub"),
        ("diffusion", {"base_model_id": "other/name"}, "give either"),
    ],
)
async def test_a_registered_model_that_does_not_fit_is_refused(
    datasets: DatasetService,
    models: BaseModelService,
    recipe: str,
    settings: dict[str, Any],
    message: str,
) -> None:
    model = await models.add(None, NewBaseModel(name="a", hub_id="owner/name"), ANYWHERE)
    params = {"recipe": recipe, "base_model_id": model.id, "params": settings}

    with pytest.raises(RequestValidationError, match=message) as refused:
        await InputResolver(datasets, models).resolved(TRAINING, params, None, ("body",))
    assert refused.value.errors()[0]["loc"] == ("body", "base_model_id")


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"dataset_id": 99}, "dataset_id"),
        ({"base_model_id": 99}, "base_model_id"),
        ({"dataset_id": 1, "data": "/data"}, "dataset_id"),
    ],
)
async def test_an_id_that_cannot_be_used_is_named(
    datasets: DatasetService, models: BaseModelService, params: dict[str, Any], named: str
) -> None:
    with pytest.raises(RequestValidationError) as refused:
        await InputResolver(datasets, models).resolved(
            TRAINING, {"recipe": "retinal", **params}, None, ("body", "params")
        )
    assert refused.value.errors()[0]["loc"] == ("body", "params", named)
