"""Tells what became of alerts: the sockets, MLflow's users by a tag, and the run itself where a rule acts."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from functools import partial

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE, ErrorCode

from api.alerts.episodes import ChangeKind
from api.alerts.records import Alert, RecordedChange
from api.alerts.rules import RuleAction
from api.alerts.samples import Level
from api.alerts.schemas import shown_alert
from api.alerts.store import AlertStore
from api.bus.protocol import Bus
from api.control.audit import Issuer
from api.control.service import ControlService
from api.control.transitions import Action
from api.errors import ApiError, UnavailableError
from api.runs.writer import RunWriter
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.events import AlertChanged
from tracking_plugin.names import Tag

logger = logging.getLogger(__name__)

NUM_PUBLISHED = 4096

_AWAY = (ErrorCode.Name(INTERNAL_ERROR), ErrorCode.Name(TEMPORARILY_UNAVAILABLE))
_ACTIONS = {RuleAction.PAUSE: Action.PAUSE, RuleAction.STOP: Action.STOP}


class AlertPublisher:
    """What it could not finish telling stays unpublished on record, and is told again."""

    def __init__(
        self, store: AlertStore, control: ControlService, writer: RunWriter, bus: Bus
    ) -> None:
        self._store = store
        self._control = control
        self._writer = writer
        self._bus = bus
        self._acting = asyncio.Lock()
        self._published = deque[int](maxlen=NUM_PUBLISHED)
        """Changes that the sockets have been told of, however often the rest is tried."""

    async def publish(self, news: Sequence[RecordedChange]) -> None:
        """The sockets first: they wait for nobody."""
        for each in news:
            if each.change.id in self._published:
                continue
            self._published.append(each.change.id)
            self._bus.publish(
                AlertChanged(
                    run_id=each.alert.run_id,
                    accepted_ms=each.change.at_ms,
                    workspace=each.alert.workspace,
                    alert=shown_alert(each.alert).model_dump_json(),
                )
            )
        for each in news:
            if each.change.kind is ChangeKind.FIRED and each.alert.action in _ACTIONS:
                await self._act(each.alert)
        runs = {each.alert.run_id: each.alert.workspace for each in news}
        is_shown = [await self._show(run_id, workspace) for run_id, workspace in runs.items()]
        if news and all(is_shown):
            ids = [each.change.id for each in news]
            await in_database(partial(self._store.told, ids))

    async def _act(self, alert: Alert) -> None:
        """Once for each time that it fires, so that a person can overrule it."""
        async with self._acting:
            if await in_database(partial(self._store.has_acted, alert.alert_id)):
                return
            await self._act_once(alert)

    async def _act_once(self, alert: Alert) -> None:
        issuer = Issuer(who=f"rule {alert.rule}", source=f"alert {alert.alert_id}")
        note = f"Told the run to {alert.action}"
        try:
            # A server may have been killed between the command and its being on record here.
            if not await self._control.was_told_from(alert.run_id, issuer.source):
                await self._control.command(
                    alert.run_id, alert.workspace, _ACTIONS[alert.action], issuer
                )
        except UnavailableError:
            raise
        except ApiError as refused:
            note = f"Could not {alert.action} the run: {refused}"
        news = await in_database(partial(self._store.acted, alert.alert_id, note, unix_ms()))
        await self.publish([news])

    async def _show(self, run_id: str, workspace: str | None) -> bool:
        """The worst open level as the run's tag; False where MLflow's store is away."""
        worst = partial(self._store.worst_open, run_id)
        level = await in_database(worst)
        try:
            while True:
                await self._write_tag(run_id, workspace, level)
                # It may have changed meanwhile, and whoever changed it have been ahead of us.
                shown, level = level, await in_database(worst)
                if level == shown:
                    return True
        except UnavailableError:
            return False
        except MlflowException as error:
            logger.warning("A run's worst alert could not be shown (%s)", error.error_code)
            # Otherwise the run is deleted, and has no tags any more.
            return error.error_code not in _AWAY

    async def _write_tag(self, run_id: str, workspace: str | None, worst: Level | None) -> None:
        if worst is None:
            await self._writer.delete_tag(run_id, workspace, Tag.ALERT)
        else:
            await self._writer.set_tags(run_id, workspace, {Tag.ALERT: str(worst)})
