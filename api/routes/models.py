"""/api/models: base models that trainings name by an id."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from api.pages import Offset, Page
from api.routes.dependencies import RunningServices, Workspace, in_workspace
from api.routes.documented import NAMED_REFUSALS, documented
from api.routes.examples import training_inputs as examples
from api.routes.jobs import Roots
from api.training_inputs.schemas import InputDeleted, NewBaseModel, NewName, RegisteredModel

router = APIRouter(
    prefix="/api/models",
    tags=["models"],
    dependencies=[Depends(in_workspace)],
    responses=NAMED_REFUSALS,
)

ModelId = Annotated[int, Path(ge=1, le=2**31 - 1, description="`id` of a base model")]


@router.get("", responses=documented(examples.BASE_MODEL, is_list=True))
async def get_base_models(
    response: Response,
    services: RunningServices,
    workspace: Workspace,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Offset = 0,
) -> list[RegisteredModel]:
    """The registered base models by name."""
    page = Page(limit=limit, offset=offset)
    return (await services.base_models.listed(workspace, page)).with_total_header(response)


@router.post("", status_code=201, responses=documented(examples.BASE_MODEL, status=201))
async def register_base_model(
    body: NewBaseModel, services: RunningServices, workspace: Workspace, roots: Roots
) -> RegisteredModel:
    """Register a model by a name that no other has, and read its family, licence and size."""
    return await services.base_models.add(workspace, body, roots)


@router.get("/{model_id}", responses=documented(examples.BASE_MODEL))
async def get_base_model(
    model_id: ModelId, services: RunningServices, workspace: Workspace
) -> RegisteredModel:
    """A registered base model."""
    return await services.base_models.find(workspace, model_id)


@router.post("/{model_id}/inspect", responses=documented(examples.BASE_MODEL))
async def inspect_base_model(
    model_id: ModelId, services: RunningServices, workspace: Workspace, roots: Roots
) -> RegisteredModel:
    """Read family and size again, as they are now."""
    return await services.base_models.inspect_again(workspace, model_id, roots)


@router.patch("/{model_id}", responses=documented(examples.BASE_MODEL))
async def rename_base_model(
    model_id: ModelId, body: NewName, services: RunningServices, workspace: Workspace
) -> RegisteredModel:
    """Give a base model another name."""
    return await services.base_models.rename(workspace, model_id, body.name)


@router.delete("/{model_id}", responses=documented(examples.INPUT_DELETED))
async def delete_base_model(
    model_id: ModelId, services: RunningServices, workspace: Workspace
) -> InputDeleted:
    """Forget a base model that no unfinished job uses; its files stay."""
    await services.base_models.remove(workspace, model_id)
    return InputDeleted(id=model_id)
