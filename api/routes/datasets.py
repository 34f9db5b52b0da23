"""/api/datasets: folders of images that trainings name by an id."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from api.pages import Offset, Page
from api.routes.dependencies import RunningServices, Workspace, in_workspace
from api.routes.documented import NAMED_REFUSALS, documented
from api.routes.examples import training_inputs as examples
from api.routes.jobs import Roots
from api.training_inputs.schemas import (
    Dataset,
    DatasetKind,
    InputDeleted,
    NewDataset,
    NewName,
)

router = APIRouter(
    prefix="/api/datasets",
    tags=["datasets"],
    dependencies=[Depends(in_workspace)],
    responses=NAMED_REFUSALS,
)

DatasetId = Annotated[int, Path(ge=1, le=2**31 - 1, description="`id` of a data set")]


@router.get("", responses=documented(examples.DATASET, is_list=True))
async def get_datasets(
    response: Response,
    services: RunningServices,
    workspace: Workspace,
    kind: DatasetKind | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Offset = 0,
) -> list[Dataset]:
    """The registered data sets by name, with the numbers of their last count."""
    page = Page(limit=limit, offset=offset)
    return (await services.datasets.listed(workspace, kind, page)).with_total_header(response)


@router.post("", status_code=201, responses=documented(examples.DATASET, status=201))
async def register_dataset(
    body: NewDataset, services: RunningServices, workspace: Workspace, roots: Roots
) -> Dataset:
    """Register a folder by a name that no other data set has, and count what is in it."""
    return await services.datasets.add(workspace, body, roots)


@router.get("/{dataset_id}", responses=documented(examples.DATASET))
async def get_dataset(
    dataset_id: DatasetId, services: RunningServices, workspace: Workspace
) -> Dataset:
    """A registered data set, with the numbers of its last count."""
    return await services.datasets.find(workspace, dataset_id)


@router.post("/{dataset_id}/count", responses=documented(examples.DATASET))
async def count_dataset(
    dataset_id: DatasetId, services: RunningServices, workspace: Workspace, roots: Roots
) -> Dataset:
    """Count images and captions again, as they are now."""
    return await services.datasets.count_again(workspace, dataset_id, roots)


@router.patch("/{dataset_id}", responses=documented(examples.DATASET))
async def rename_dataset(
    dataset_id: DatasetId, body: NewName, services: RunningServices, workspace: Workspace
) -> Dataset:
    """Give a data set another name."""
    return await services.datasets.rename(workspace, dataset_id, body.name)


@router.delete("/{dataset_id}", responses=documented(examples.INPUT_DELETED))
async def delete_dataset(
    dataset_id: DatasetId, services: RunningServices, workspace: Workspace
) -> InputDeleted:
    """Forget a data set that no unfinished job uses; its files stay."""
    await services.datasets.remove(workspace, dataset_id)
    return InputDeleted(id=dataset_id)
