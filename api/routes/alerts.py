"""/api/alerts: lists and acknowledges alerts, and lists notifications."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from starlette.concurrency import run_in_threadpool

from api.alerts.schemas import (
    AcknowledgeRequest,
    AlertLevel,
    CriticalAlert,
    TimelineEntry,
    alert_response,
    timeline_entry,
)
from api.alerts.selections import AlertQuery
from api.alerts.state_machine import AlertState
from api.errors import ErrorResponse
from api.notify.schemas import ShownNotification, notification_response
from api.pages import Limit, Offset, Page
from api.routes.dependencies import (
    By,
    Reader,
    RunningServices,
    SelectedRun,
    Workspace,
    in_workspace,
)
from api.routes.documented import REFUSALS, documented
from api.routes.examples import alerts as examples

router = APIRouter(
    prefix="/api/alerts",
    tags=["alerts"],
    dependencies=[Depends(in_workspace)],
    responses={
        **REFUSALS,
        503: {"model": ErrorResponse, "description": "A database does not answer"},
    },
)

RunId = Annotated[str | None, Query(max_length=64, description="only of this run")]
RuleName = Annotated[str | None, Query(max_length=64, description="only of this rule")]


def wanted_alerts(
    run_id: RunId = None,
    condition: RuleName = None,
    state: AlertState | None = None,
    level: AlertLevel | None = None,
    acknowledged: bool | None = None,
) -> AlertQuery:
    return AlertQuery(
        run_id=run_id,
        rule=condition,
        state=state,
        level=None if level is None else level.rank,
        is_acknowledged=acknowledged,
    )


@router.get("", responses=documented(examples.ALERT, is_list=True))
async def get_alerts(
    response: Response,
    services: RunningServices,
    workspace: Workspace,
    query: Annotated[AlertQuery, Depends(wanted_alerts)],
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[CriticalAlert]:
    """Alerts of all runs, the newest change first."""
    return await _listed(services, workspace, query, Page(limit=limit, offset=offset), response)


@router.get("/critical", responses=documented(examples.ALERT, is_list=True))
async def get_critical_alerts(
    response: Response,
    services: RunningServices,
    workspace: Workspace,
    run_id: RunId = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[CriticalAlert]:
    """The critical alerts that are open."""
    query = AlertQuery(run_id=run_id, state=AlertState.FIRING, level=AlertLevel.CRITICAL.rank)
    return await _listed(services, workspace, query, Page(limit=limit, offset=offset), response)


@router.get("/timeline", responses=documented(examples.ALERT_CHANGE, is_list=True))
async def get_timeline(
    response: Response,
    services: RunningServices,
    reader: Reader,
    run_id: SelectedRun,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[TimelineEntry]:
    """All changes of a run's alerts, newest first."""
    await run_in_threadpool(reader.state, run_id, 0)
    listed = await services.alerts.timeline(run_id, Page(limit=limit, offset=offset))
    return [timeline_entry(each.change, each.alert) for each in listed.with_total_header(response)]


@router.get("/notifications", responses=documented(examples.NOTIFICATION, is_list=True))
async def get_notifications(
    response: Response,
    services: RunningServices,
    workspace: Workspace,
    run_id: RunId = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[ShownNotification]:
    """Notifications to the services in FOVEA_NOTIFY_URLS, newest first."""
    notifications = services.notifications
    listed = await notifications.listed(workspace, run_id, Page(limit=limit, offset=offset))
    return [
        notification_response(each, notifications.name_of(each.target))
        for each in listed.with_total_header(response)
    ]


@router.get("/{alert_id}", responses=documented(examples.ALERT))
async def get_alert(
    alert_id: str, services: RunningServices, workspace: Workspace
) -> CriticalAlert:
    """One alert."""
    return alert_response(await services.alerts.find(workspace, alert_id))


@router.post(
    "/acknowledge/{alert_id}",
    responses={
        **documented(examples.ALERT),
        409: {"model": ErrorResponse, "description": "The alert is acknowledged already"},
    },
)
async def acknowledge(
    alert_id: str,
    services: RunningServices,
    workspace: Workspace,
    by: By,
    request: AcknowledgeRequest | None = None,
) -> CriticalAlert:
    """Record that a person has seen the alert."""
    note = "" if request is None else request.note
    alert = await services.alerts.acknowledge(workspace, alert_id, who=by.who, note=note)
    return alert_response(alert)


async def _listed(
    services: RunningServices,
    workspace: str | None,
    query: AlertQuery,
    page: Page,
    response: Response,
) -> list[CriticalAlert]:
    listed = await services.alerts.listed(workspace, query, page)
    return [alert_response(alert) for alert in listed.with_total_header(response)]
