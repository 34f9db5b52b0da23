"""/api/v1/views: named views of the table of runs and of comparisons."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from api.errors import ErrorResponse
from api.pages import Offset, Page
from api.routes.dependencies import RunningServices, Workspace, in_workspace
from api.routes.documented import REFUSALS, documented
from api.routes.examples import saved_views as examples
from api.saved_views.schemas import NewView, SavedView, ViewChange, ViewDeleted, ViewPage
from api.storage.database import in_database

_REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorResponse, "description": "The body is not JSON"},
    409: {"model": ErrorResponse, "description": "The name is taken, or there are too many views"},
}

router = APIRouter(
    prefix="/api/v1/views",
    tags=["views"],
    dependencies=[Depends(in_workspace)],
    responses={**REFUSALS, **_REFUSED},
)

ViewId = Annotated[str, Path(max_length=64, description="`view_id` of a saved view")]
ViewLimit = Annotated[int, Query(ge=1, le=500)]


@router.get("", responses=documented(examples.VIEW, is_list=True))
async def get_views(
    response: Response,
    services: RunningServices,
    workspace: Workspace,
    page: ViewPage | None = None,
    limit: ViewLimit = 100,
    offset: Offset = 0,
) -> list[SavedView]:
    """The saved views by name, of one page or of all."""
    shown = Page(limit=limit, offset=offset)
    found = await in_database(partial(services.saved_views.listed, workspace, page, shown))
    return found.with_total_header(response)


@router.post("", status_code=201, responses=documented(examples.VIEW, status=201))
async def save_view(body: NewView, services: RunningServices, workspace: Workspace) -> SavedView:
    """Save the address of a view by a name that no other view has; at most 500 are kept."""
    return await in_database(partial(services.saved_views.add, workspace, body))


@router.get("/{view_id}", responses=documented(examples.VIEW))
async def get_view(view_id: ViewId, services: RunningServices, workspace: Workspace) -> SavedView:
    """A saved view."""
    return await in_database(partial(services.saved_views.find, workspace, view_id))


@router.patch("/{view_id}", responses=documented(examples.VIEW))
async def rename_view(
    view_id: ViewId, body: ViewChange, services: RunningServices, workspace: Workspace
) -> SavedView:
    """Give a saved view another name."""
    return await in_database(partial(services.saved_views.rename, workspace, view_id, body.name))


@router.delete("/{view_id}", responses=documented(examples.DELETED))
async def delete_view(
    view_id: ViewId, services: RunningServices, workspace: Workspace
) -> ViewDeleted:
    """Delete a saved view; the runs that it shows stay."""
    await in_database(partial(services.saved_views.remove, workspace, view_id))
    return ViewDeleted(view_id=view_id)
