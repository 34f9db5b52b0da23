"""Notifications of a real server to a real web server and a real mail server, over forced restarts."""

import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

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
NUM_KILLS = 4


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


class Notified:
    """A server that tells `urls`, on the same folder and port however often it is started."""

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
    def running(self, **settings: str) -> Iterator[Server]:
        data, environment = self._folder / "data", {**self._settings, **settings}
        with fovea_server(data, environment=environment, port=self._port) as server:
            yield server

    def new_run(self) -> str:
        run_id: str = MlflowClient(self.url).create_run("0", run_name="fold 2").info.run_id
        return run_id

    def log(self, run_id: str, step: int, values: Mapping[str, float]) -> None:
        """Once more where the server is away, as a training's sender does."""
        metrics = [Metric(name, it, int(time.time() * 1000), step) for name, it in values.items()]

        def is_logged() -> bool:
            try:
                MlflowClient(self.url).log_batch(run_id, metrics)
            except MlflowException:
                return False
            return True

        until(is_logged, "a write", DEADLINE_S)

    def notifications(self) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.url}/api/alerts/notifications", params={"limit": 1000})
        assert answer.status_code == 200, answer.text
        listed: list[dict[str, Any]] = answer.json()
        return listed

    def until_all_is_sent(self) -> None:
        def is_all_sent() -> bool:
            listed = self.notifications()
            return bool(listed) and all(each["sent_at"] for each in listed)

        until(is_all_sent, "every notification is sent", DEADLINE_S)


def told(messages: Iterable[Received]) -> Counter[tuple[str, str]]:
    """How many different messages say what of which metric."""
    different = {message.id: message for message in messages}
    return Counter(
        (metric, kind)
        for message in different.values()
        for _, kinds, metric in re.findall(
            r"blind \((\w+)\): ([\w, ]+)\n(per_class/c\d+) is", message.body
        )
        for kind in kinds.split(", ")
    )


def until_told(receiver: Receiver, changes: Mapping[tuple[str, str], int]) -> None:
    until(
        lambda: told(receiver.received).keys() == changes.keys(),
        f"all of it instead of {told(receiver.received)}",
        DEADLINE_S,
    )


@pytest.mark.timeout(600)
def test_each_change_is_told_once_to_each_service_over_forced_restarts(
    tmp_path: Path, rules: Path, hook: Receiver, mail: Receiver
) -> None:
    notified = Notified(tmp_path, rules, hook.url, mail.url)
    classes, choice = [f"per_class/c{number}" for number in range(NUM_CLASSES)], random.Random(7)
    everything = {(name, kind): 1 for name in classes for kind in ("fired", "resolved")}
    run_id = ""
    for life in range(NUM_KILLS + 1):
        with notified.running() as server:
            run_id = run_id or notified.new_run()
            for name in classes[life::NUM_KILLS]:
                notified.log(run_id, 1, {name: 0.1})
                time.sleep(choice.uniform(0, 1))
            for name in classes[life - 1 :: NUM_KILLS] if life else ():
                notified.log(run_id, 2, {name: 0.9})
            if life < NUM_KILLS:
                # Before it is evaluated, on record, written, under way or taken, as it comes.
                time.sleep(choice.uniform(0, 3))
                server.kill()
                continue
            for receiver in (hook, mail):
                until_told(receiver, everything)
            notified.until_all_is_sent()
    for receiver in (hook, mail):
        assert told(receiver.received) == everything, "no change is in two different messages"
        num_repeated = len(receiver.received) - len(set(receiver.ids()))
        assert num_repeated <= NUM_KILLS, "only what a kill left in doubt comes once more"


def test_a_kill_has_what_it_left_in_doubt_sent_again_and_an_end_in_order_leaves_nothing_in_doubt(
    tmp_path: Path, rules: Path, hook: Receiver
) -> None:
    notified = Notified(tmp_path, rules, hook.url)
    hook.holds = True
    with notified.running() as server:
        run_id = notified.new_run()
        notified.log(run_id, 1, {"per_class/c0": 0.1})
        until(lambda: hook.received, "the first delivery", DEADLINE_S)
        server.kill()
    hook.holds = False
    hook.let_go.set()
    with notified.running() as server:
        notified.until_all_is_sent()
        first, *rest = hook.received
        assert rest == [first], "the same once more, under the same id"

        hook.let_go.clear()
        hook.holds = True
        notified.log(run_id, 1, {"per_class/c1": 0.1})
        until(lambda: len(hook.received) == 3, "the third delivery", DEADLINE_S)
        server.process.terminate()
        time.sleep(1)
        hook.let_go.set()
        server.process.wait(30)
    with notified.running():
        notified.until_all_is_sent()
    assert len(hook.received) == 3, "the server had waited for it"


def test_a_service_that_hangs_or_refuses_delays_no_other_and_gets_it_in_the_end(
    tmp_path: Path, rules: Path, hook: Receiver, mail: Receiver
) -> None:
    hook.status = 500
    with dribbling_receiver() as hanging:
        notified = Notified(tmp_path, rules, hanging, hook.url, mail.url)
        with notified.running() as server:
            run_id = notified.new_run()
            notified.log(run_id, 1, {"per_class/c0": 0.1})
            until(lambda: mail.received, "the mail", DEADLINE_S)
            until(
                lambda: any("500" in (each["error"] or "") for each in notified.notifications()),
                "a refusal on record",
                DEADLINE_S,
            )
            # What happens meanwhile is in the next message.
            notified.log(run_id, 2, {"per_class/c0": 0.9})
            hook.status = 200
            for receiver in (hook, mail):
                until_told(
                    receiver, {("per_class/c0", "fired"): 1, ("per_class/c0", "resolved"): 1}
                )
            assert "json 2 has not taken a notification" in server.log.read_text()
            services = {each["service"]: each["sent_at"] for each in notified.notifications()}
            assert services.keys() == {"json 1", "json 2", "mailto"}
            assert services["json 1"] is None


def test_a_url_that_no_service_has_keeps_the_server_from_starting(
    tmp_path: Path, rules: Path
) -> None:
    with (
        pytest.raises(AssertionError, match=r"FOVEA_NOTIFY_URLS: number 1 of 1 \(slakc\)") as said,
        Notified(tmp_path, rules, "slakc://hunter2hunter2").running(),
    ):
        pass
    assert "hunter2hunter2" not in str(said.value).replace(str(tmp_path), "")


def test_open_alerts_of_a_run_that_goes_on_are_told_again(
    tmp_path: Path, rules: Path, hook: Receiver
) -> None:
    notified = Notified(tmp_path, rules, hook.url, FOVEA_NOTIFY_REPEAT_S="1")
    with notified.running():
        run_id, ended = notified.new_run(), notified.new_run()
        for each in (run_id, ended):
            notified.log(each, 1, {"per_class/c0": 0.1})
        MlflowClient(notified.url).set_terminated(ended)
        until(lambda: len(hook.received) >= 3, "a reminder", DEADLINE_S)
    again = [message for message in hook.received if "still open" in message.body]
    assert again
    assert all(run_id in message.body for message in again)
