"""Publishes recorded changes of alerts: to the sockets, as a tag of the run, and as a command to the run."""

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
from api.alerts.schemas import alert_response
from api.alerts.store import AlertStore
from api.control.audit import Issuer
from api.control.service import ControlService
from api.control.transitions import Action
from api.errors import ApiError, UnavailableError
from api.runs.run_follower import RunFeed
from api.runs.writer import RunWriter
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.events import AlertChanged
from tracking_plugin.names import Tag

logger = logging.getLogger(__name__)

NUM_SENT_IDS = 4096

_UNAVAILABLE = (ErrorCode.Name(INTERNAL_ERROR), ErrorCode.Name(TEMPORARILY_UNAVAILABLE))
_ACTIONS = {RuleAction.PAUSE: Action.PAUSE, RuleAction.STOP: Action.STOP}


class AlertPublisher:
    """Changes whose publication fails stay marked as unpublished, and are published again later."""

    def __init__(
        self, store: AlertStore, control: ControlService, writer: RunWriter, feed: RunFeed
    ) -> None:
        self._store = store
        self._failures = feed.failures
        self._control = control
        self._writer = writer
        self._bus = feed.bus
        self._action_lock = asyncio.Lock()
        self._sent_ids = deque[int](maxlen=NUM_SENT_IDS)
        """Changes that were sent to the sockets already, if the rest is tried again."""

    async def publish(self, changes: Sequence[RecordedChange]) -> None:
        """The sockets come first, because MLflow's store may be slow."""
        for each in changes:
            with self._failures.isolated(each.alert.run_id, "Sending an alert to the sockets"):
                self._send_to_sockets(each)
        of_run: dict[str, list[RecordedChange]] = {}
        for each in changes:
            of_run.setdefault(each.alert.run_id, []).append(each)
        await self._failures.each(
            "Publishing an alert", of_run.items(), lambda item: item[0], self._publish_of_run
        )

    async def _publish_of_run(self, item: tuple[str, Sequence[RecordedChange]]) -> None:
        run_id, changes = item
        for each in changes:
            if each.change.kind is ChangeKind.FIRED and each.alert.action in _ACTIONS:
                await self._apply_action(each.alert)
        if await self._update_tag(run_id, changes[-1].alert.workspace):
            ids = [each.change.id for each in changes]
            await in_database(partial(self._store.mark_published, ids))

    def _send_to_sockets(self, recorded: RecordedChange) -> None:
        if recorded.change.id in self._sent_ids:
            return
        self._sent_ids.append(recorded.change.id)
        self._bus.publish(
            AlertChanged(
                run_id=recorded.alert.run_id,
                accepted_ms=recorded.change.at_ms,
                workspace=recorded.alert.workspace,
                alert=alert_response(recorded.alert).model_dump_json(),
            )
        )

    async def _apply_action(self, alert: Alert) -> None:
        """Once per alert, so that a person can overrule it."""
        async with self._action_lock:
            if await in_database(partial(self._store.has_acted, alert.alert_id)):
                return
            await self._command_run(alert)

    async def _command_run(self, alert: Alert) -> None:
        issuer = Issuer(who=f"rule {alert.rule}", source=f"alert {alert.alert_id}")
        note = f"Sent the command {alert.action} to the run"
        try:
            # A server may have been killed after the command and before it recorded the action.
            if not await self._control.was_commanded_from(alert.run_id, issuer.source):
                await self._control.command(
                    alert.run_id, alert.workspace, _ACTIONS[alert.action], issuer
                )
        except UnavailableError:
            raise
        except ApiError as error:
            note = f"Could not {alert.action} the run: {error}"
        change = await in_database(partial(self._store.acted, alert.alert_id, note, unix_ms()))
        await self.publish([change])

    async def _update_tag(self, run_id: str, workspace: str | None) -> bool:
        """Write the worst open level as the run's tag; False if MLflow's store does not answer."""
        worst = partial(self._store.worst_open, run_id)
        level = await in_database(worst)
        try:
            while True:
                await self._write_tag(run_id, workspace, level)
                # The level may have changed meanwhile, and the other writer been faster.
                written, level = level, await in_database(worst)
                if level == written:
                    return True
        except UnavailableError:
            return False
        except MlflowException as error:
            logger.warning("The alert tag of a run could not be written (%s)", error.error_code)
            # With any other error, the run is deleted and has no tags.
            return error.error_code not in _UNAVAILABLE

    async def _write_tag(self, run_id: str, workspace: str | None, worst: Level | None) -> None:
        if worst is None:
            await self._writer.delete_tag(run_id, workspace, Tag.ALERT)
        else:
            await self._writer.set_tags(run_id, workspace, {Tag.ALERT: str(worst)})
