"""/api/alerts: what is wrong with runs, what was, and who has seen it."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from starlette.concurrency import run_in_threadpool

from api.alerts.records import Alert
from api.alerts.schemas import (
    AcknowledgeRequest,
    AlertLevel,
    CriticalAlert,
    TimelineEntry,
    shown_alert,
    shown_change,
)
from api.alerts.state_machine import AlertState
from api.alerts.store import AlertNotFoundError, AlertQuery
from api.errors import ErrorResponse
from api.notify.schemas import ShownNotification, shown_notification
from api.pages import Limit, Offset, Page
from api.routes import examples
from api.routes.dependencies import (
    REFUSALS,
    By,
    Reader,
    RunningServices,
    SelectedRun,
    Workspace,
    in_workspace,
)
from api.storage.database import in_database
from api.timestamps import unix_ms

router = APIRouter(
    prefix="/api/alerts",
    tags=["alerts"],
    dependencies=[Depends(in_workspace)],
    responses={**REFUSALS, 503: {"model": ErrorResponse, "description": "A database is away"}},
)

RunId = Annotated[str | None, Query(max_length=64, description="of one run alone")]
RuleName = Annotated[str | None, Query(max_length=64, description="of one rule alone")]


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


@router.get("", responses=examples.answer(examples.ALERT, is_list=True))
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


@router.get("/critical", responses=examples.answer(examples.ALERT, is_list=True))
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


@router.get("/timeline", responses=examples.answer(examples.ALERT_CHANGE, is_list=True))
async def get_timeline(
    response: Response,
    services: RunningServices,
    reader: Reader,
    run_id: SelectedRun,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[TimelineEntry]:
    """What became of a run's alerts, newest first."""
    await run_in_threadpool(reader.state, run_id, 0)
    page = Page(limit=limit, offset=offset)
    listed = await in_database(partial(services.alerts.store.timeline, run_id, page))
    return [shown_change(each.change, each.alert) for each in listed.announced(response)]


@router.get("/notifications", responses=examples.answer(examples.NOTIFICATION, is_list=True))
async def get_notifications(
    response: Response,
    services: RunningServices,
    workspace: Workspace,
    run_id: RunId = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[ShownNotification]:
    """What was said of alerts to the services of FOVEA_NOTIFY_URLS, newest first."""
    notifying, page = services.notifications, Page(limit=limit, offset=offset)
    listed = await in_database(partial(notifying.outbox.listed, workspace, run_id, page))
    return [
        shown_notification(each, notifying.name_of(each.target))
        for each in listed.announced(response)
    ]


@router.get("/{alert_id}", responses=examples.answer(examples.ALERT))
async def get_alert(
    alert_id: str, services: RunningServices, workspace: Workspace
) -> CriticalAlert:
    """One alert."""
    return shown_alert(await _find(services, workspace, alert_id))


@router.post(
    "/acknowledge/{alert_id}",
    responses={
        **examples.answer(examples.ALERT),
        409: {"model": ErrorResponse, "description": "Somebody has acknowledged it before"},
    },
)
async def acknowledge(
    alert_id: str,
    services: RunningServices,
    workspace: Workspace,
    by: By,
    asked: AcknowledgeRequest | None = None,
) -> CriticalAlert:
    """Put on record that somebody has seen it."""
    await _find(services, workspace, alert_id)
    note = "" if asked is None else asked.note
    alerting = services.alerts
    news = await in_database(partial(alerting.store.acknowledge, alert_id, by.who, note, unix_ms()))
    await alerting.publisher.publish([news])
    return shown_alert(news.alert)


async def _find(services: RunningServices, workspace: str | None, alert_id: str) -> Alert:
    alert = await in_database(partial(services.alerts.store.find, alert_id))
    if alert.workspace != workspace:
        raise AlertNotFoundError(alert_id)
    return alert


async def _listed(
    services: RunningServices,
    workspace: str | None,
    query: AlertQuery,
    page: Page,
    response: Response,
) -> list[CriticalAlert]:
    listed = await in_database(partial(services.alerts.store.listed, workspace, query, page))
    return [shown_alert(alert) for alert in listed.announced(response)]
