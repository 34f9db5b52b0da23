"""A real server notifies a real web server and a real mail server, also when it is killed in between."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from sqlalchemy import select

from api.storage.database import Database
from api.storage.tables import leases
from api.timestamps import unix_ms
from tests.ports import free_port
from tests.receivers import Received, Receiver, dribbling_receiver, http_receiver, smtp_receiver
from tests.servers import Server, fovea_server
from tests.waiting import until

DEADLINE_S = 120.0
RULES = """\
rules:
  - name: blind
    metric: per_class/*
    below: 0.5
    clear_for: 1
"""
NUM_CLASSES = 12
FIRED, RESOLVED = "fired", "resolved"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def mail() -> Iterator[Receiver]:
    with smtp_receiver() as receiver:
        yield receiver


class NotifyingServer:
    """A server that notifies `urls`. It has the same folder and port whenever it is started."""

    def __init__(self, folder: Path, rules: Path, *urls: str, **settings: str) -> None:
        self._folder = folder
        self._port = free_port()
        self._settings: Mapping[str, str] = {
            "FOVEA_ALERT_RULES": str(rules),
            "FOVEA_NOTIFY_URLS": ", ".join(urls),
            "FOVEA_NOTIFY_WAIT_S": "0.2",
            "FOVEA_NOTIFY_INTERVAL_S": "0",
            **settings,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @contextmanager
    def running(self) -> Iterator[Server]:
        data = self._folder / "data"
        with fovea_server(data, environment=self._settings, port=self._port) as server:
            yield server

    def new_run(self) -> str:
        run_id: str = MlflowClient(self.url).create_run("0", run_name="fold 2").info.run_id
        return run_id

    def log(self, run_id: str, step: int, values: Mapping[str, float]) -> None:
        """Retries while the server is away, as the sender of a training does."""
        metrics = [Metric(name, it, int(time.time() * 1000), step) for name, it in values.items()]

        def is_logged() -> bool:
            try:
                MlflowClient(self.url).log_batch(run_id, metrics)
            except MlflowException:
                return False
            return True

        until(is_logged, "a write", DEADLINE_S)

    def alerts(self, run_id: str) -> list[dict[str, Any]]:
        return self._listed("/api/alerts", run_id=run_id)

    def notifications(self) -> list[dict[str, Any]]:
        return self._listed("/api/alerts/notifications")

    def until_all_is_sent(self) -> None:
        def is_all_sent() -> bool:
            listed = self.notifications()
            return bool(listed) and all(each["sent_at"] for each in listed)

        until(is_all_sent, "every notification is sent", DEADLINE_S)

    def _listed(self, path: str, **params: str) -> list[dict[str, Any]]:
        response = httpx.get(f"{self.url}{path}", params={"limit": 1000, **params})
        assert response.status_code == 200, response.text
        listed: list[dict[str, Any]] = response.json()
        return listed


def changes(messages: Iterable[Received]) -> Counter[tuple[str, str]]:
    """The number of different messages that contain each change of each metric."""
    different = {message.id: message for message in messages}
    return Counter(
        (metric, kind)
        for message in different.values()
        for _, kinds, metric in re.findall(
            r"blind \((\w+)\): ([\w, ]+)\n(per_class/c\d+) is", message.body
        )
        for kind in kinds.split(", ")
    )


def until_received(receiver: Receiver, expected: Mapping[tuple[str, str], int]) -> None:
    until(
        lambda: changes(receiver.received).keys() == expected.keys(),
        f"all of {expected.keys()}, received {changes(receiver.received)}",
        DEADLINE_S,
    )


class Stage(Enum):
    """How far a change has come when the server is killed."""

    LOGGED = auto()
    RECORDED = auto()
    WRITTEN = auto()
    UNDER_WAY = auto()


def until_stage(
    stage: Stage, server: NotifyingServer, hook: Receiver, run_id: str, metrics: Sequence[str]
) -> None:
    """Wait until alerts on `metrics` have come as far as `stage`, or any message is under way."""

    def is_reached() -> bool:
        match stage:
            case Stage.LOGGED:
                return True
            case Stage.RECORDED:
                return {each["metric"] for each in server.alerts(run_id)} >= set(metrics)
            case Stage.WRITTEN:
                return any(metrics[0] in each["body"] for each in server.notifications())
            case Stage.UNDER_WAY:
                return hook.has_unanswered.is_set()

    until(is_reached, f"{stage} of {metrics}", DEADLINE_S)


@pytest.mark.timeout(600)
def test_each_service_gets_each_change_once_when_the_server_is_killed_at_any_stage(
    tmp_path: Path, rules: Path, hook: Receiver, mail: Receiver
) -> None:
    notifying = NotifyingServer(tmp_path, rules, hook.url, mail.url)
    metrics = [f"per_class/c{number}" for number in range(NUM_CLASSES)]
    expected = {(name, kind): 1 for name in metrics for kind in (FIRED, RESOLVED)}
    lives = [metrics[number :: len(Stage) + 1] for number in range(len(Stage) + 1)]
    run_id = ""
    recovered: Sequence[str] = []
    for stage, failing in zip(Stage, lives, strict=False):
        with notifying.running() as server:
            run_id = run_id or notifying.new_run()
            if stage is Stage.UNDER_WAY:
                hook.pause()
            notifying.log(run_id, 1, dict.fromkeys(failing, 0.1))
            if recovered:
                notifying.log(run_id, 2, dict.fromkeys(recovered, 0.9))
            until_stage(stage, notifying, hook, run_id, failing)
            server.kill()
            hook.resume()
        recovered = failing
    with notifying.running():
        notifying.log(run_id, 1, dict.fromkeys(lives[-1], 0.1))
        notifying.log(run_id, 2, dict.fromkeys([*recovered, *lives[-1]], 0.9))
        for receiver in (hook, mail):
            until_received(receiver, expected)
        notifying.until_all_is_sent()
    for receiver in (hook, mail):
        assert changes(receiver.received) == expected, "no change is in two different messages"
        num_repeated = len(receiver.received) - len(set(receiver.ids()))
        assert num_repeated <= len(Stage), "only a message that a kill left in doubt is repeated"


def test_a_message_in_doubt_is_repeated_after_a_kill_but_not_after_an_orderly_stop(
    tmp_path: Path, rules: Path, hook: Receiver
) -> None:
    notifying = NotifyingServer(tmp_path, rules, hook.url)
    hook.pause()
    with notifying.running() as server:
        run_id = notifying.new_run()
        notifying.log(run_id, 1, {"per_class/c0": 0.1})
        until(lambda: hook.received, "the first delivery", DEADLINE_S)
        server.kill()
    hook.resume()
    with notifying.running() as server:
        notifying.until_all_is_sent()
        first, *rest = hook.received
        assert rest == [first], "the same message is repeated with the same id"

        hook.pause()
        notifying.log(run_id, 1, {"per_class/c1": 0.1})
        until(lambda: len(hook.received) == 3, "the third delivery", DEADLINE_S)
        server.process.terminate()
        until_lease_is_given_up(server, "alerts")
        hook.resume()
        server.process.wait(30)
    with notifying.running():
        notifying.until_all_is_sent()
    assert len(hook.received) == 3, "the server waited for the delivery"


def until_lease_is_given_up(server: Server, name: str) -> None:
    """The server gives up the lease of the alerts just before it ends the notifications."""
    query = select(leases.c.expires_ms).where(leases.c.name == name)

    def is_expired() -> bool:
        with database.read() as connection:
            return int(connection.execute(query).scalar_one()) <= unix_ms()

    with closing(Database(f"sqlite:///{server.data_dir / 'mlflow.db'}")) as database:
        until(is_expired, f"the lease {name} is given up", DEADLINE_S)


def test_a_service_that_hangs_or_refuses_does_not_delay_others_and_is_retried(
    tmp_path: Path, rules: Path, hook: Receiver, mail: Receiver
) -> None:
    hook.status = 500
    with dribbling_receiver() as hanging:
        notifying = NotifyingServer(tmp_path, rules, hanging, hook.url, mail.url)
        with notifying.running() as server:
            run_id = notifying.new_run()
            notifying.log(run_id, 1, {"per_class/c0": 0.1})
            until(lambda: mail.received, "the mail", DEADLINE_S)
            until(
                lambda: any("500" in (each["error"] or "") for each in notifying.notifications()),
                "a recorded refusal",
                DEADLINE_S,
            )
            # This change goes into the next message.
            notifying.log(run_id, 2, {"per_class/c0": 0.9})
            hook.status = 200
            for receiver in (hook, mail):
                until_received(
                    receiver, {("per_class/c0", FIRED): 1, ("per_class/c0", RESOLVED): 1}
                )
            assert "json 2 did not accept a notification" in server.log.read_text()
            services = {each["service"]: each["sent_at"] for each in notifying.notifications()}
            assert services.keys() == {"json 1", "json 2", "mailto"}
            assert services["json 1"] is None


def test_a_url_of_no_known_service_keeps_the_server_from_starting(
    tmp_path: Path, rules: Path
) -> None:
    with (
        pytest.raises(AssertionError, match=r"FOVEA_NOTIFY_URLS: number 1 of 1 \(slakc\)") as error,
        NotifyingServer(tmp_path, rules, "slakc://hunter2hunter2").running(),
    ):
        pass
    assert "hunter2hunter2" not in str(error.value).replace(str(tmp_path), "")


def test_only_active_runs_get_reminders_of_open_alerts(
    tmp_path: Path, rules: Path, hook: Receiver
) -> None:
    notifying = NotifyingServer(tmp_path, rules, hook.url, FOVEA_NOTIFY_REPEAT_S="1")
    with notifying.running():
        run_id, ended = notifying.new_run(), notifying.new_run()
        for each in (run_id, ended):
            notifying.log(each, 1, {"per_class/c0": 0.1})
        MlflowClient(notifying.url).set_terminated(ended)
        until(lambda: len(hook.received) >= 3, "a reminder", DEADLINE_S)
    reminders = [message for message in hook.received if "still open" in message.body]
    assert reminders
    assert all(run_id in message.body for message in reminders)
