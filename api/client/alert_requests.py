"""What a client may ask of alerts: where each request goes, and the type of its answer."""

from urllib.parse import quote

from pydantic import TypeAdapter

from api.alerts.schemas import AlertLevel, CriticalAlert, TimelineEntry
from api.alerts.state_machine import AlertState
from api.client.request import ApiRequest, drop_none
from api.notify.schemas import ShownNotification

_alerts = TypeAdapter(list[CriticalAlert])
_alert = TypeAdapter(CriticalAlert)
_timeline = TypeAdapter(list[TimelineEntry])
_notifications = TypeAdapter(list[ShownNotification])


def alerts(
    *,
    run_id: str | None,
    condition: str | None,
    state: AlertState | None,
    level: AlertLevel | None,
    acknowledged: bool | None,
    limit: int | None,
    offset: int | None,
) -> ApiRequest[list[CriticalAlert]]:
    query = drop_none(
        run_id=run_id,
        condition=condition,
        state=state,
        level=level,
        acknowledged=None if acknowledged is None else str(acknowledged).lower(),
        limit=limit,
        offset=offset,
    )
    return ApiRequest("/api/alerts", _alerts, query)


def alert(alert_id: str) -> ApiRequest[CriticalAlert]:
    return ApiRequest(f"/api/alerts/{quote(alert_id, safe='')}", _alert)


def timeline(
    run_id: str | None, *, limit: int | None, offset: int | None
) -> ApiRequest[list[TimelineEntry]]:
    query = drop_none(run_id=run_id, limit=limit, offset=offset)
    return ApiRequest("/api/alerts/timeline", _timeline, query)


def notifications(
    run_id: str | None, *, limit: int | None, offset: int | None
) -> ApiRequest[list[ShownNotification]]:
    query = drop_none(run_id=run_id, limit=limit, offset=offset)
    return ApiRequest("/api/alerts/notifications", _notifications, query)


def acknowledge(alert_id: str, note: str) -> ApiRequest[CriticalAlert]:
    path = f"/api/alerts/acknowledge/{quote(alert_id, safe='')}"
    return ApiRequest(path, _alert, method="POST", body={"note": note})
