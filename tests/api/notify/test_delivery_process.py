"""Messages are delivered to real services, and services that refuse, hang or do not exist are errors."""

import psutil
import pytest

from api.notify import delivery_process as delivery_module
from api.notify.delivery_process import UndeliveredError, delivery_process
from api.notify.delivery_worker import redacted
from api.notify.records import Notification
from api.notify.targets import Target, load_targets
from tests.ports import free_port
from tests.receivers import Received, dribbling_receiver, http_receiver, smtp_receiver

pytestmark = pytest.mark.anyio

MESSAGE = Notification(
    id="c1d8",
    target="t",
    run_id="9f3c",
    workspace=None,
    kind="failure",
    title="[critical] RAO on fold 2",
    body="RAO (critical): fired\n\nRun fold 2 & <co>",
    created_ms=0,
    attempts=0,
    due_ms=0,
    sent_ms=None,
    error="",
)
SECRET = "hunter2hunter2"


def target(url: str) -> Target:
    return load_targets([url])[0]


async def deliver(url: str) -> None:
    async with delivery_process(target(url)) as process:
        await process.deliver(MESSAGE)


async def test_a_web_server_and_a_mail_server_receive_the_message_and_its_id() -> None:
    with http_receiver() as hook, smtp_receiver() as mail:
        await deliver(hook.url)
        await deliver(mail.url)
    expected = Received(id=MESSAGE.id, title=MESSAGE.title, body=MESSAGE.body)
    assert hook.received == [expected]
    assert [(it.id, it.title, it.body.strip()) for it in mail.received] == [
        (expected.id, expected.title, expected.body)
    ]


async def test_a_process_delivers_several_messages() -> None:
    with http_receiver() as hook:
        async with delivery_process(target(hook.url)) as process:
            await process.deliver(MESSAGE)
            await process.deliver(MESSAGE)
    assert hook.ids() == [MESSAGE.id] * 2


@pytest.mark.parametrize(
    "error",
    [
        "Socket error at hooks.clinic.example",
        "/T0123/B4567 answered 404",
        "authentication of fovea failed",
        "hunter2hunter2",
    ],
)
def test_no_part_of_the_url_is_in_an_error(error: str) -> None:
    shown = redacted(error, "json://fovea:hunter2hunter2@hooks.clinic.example/T0123/B4567?x=1")
    assert shown is not None
    assert "****" in shown
    for part in ("hooks.clinic.example", "T0123", "B4567", "fovea", "hunter2"):
        assert part not in shown


async def test_a_refusal_is_reported_without_the_secrets_of_the_url() -> None:
    with http_receiver() as hook:
        hook.status = 500
        url = hook.url.replace("json://", f"json://user:{SECRET}@").replace("/hook", f"/{SECRET}")
        with pytest.raises(UndeliveredError) as refused:
            await deliver(url)
    assert "500" in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("scheme", ["json", "mailto"])
async def test_an_unreachable_service_is_an_error(scheme: str) -> None:
    more = "?from=a@b.co&to=c@d.co" if scheme == "mailto" else ""
    with pytest.raises(UndeliveredError):
        await deliver(f"{scheme}://127.0.0.1:{free_port()}/{more}")


async def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_module, "DEADLINE_S", 6.0)
    before = set(psutil.Process().children())
    with dribbling_receiver() as url, pytest.raises(UndeliveredError, match="within 6 s"):
        await deliver(url)
    assert set(psutil.Process().children()) <= before


async def test_a_killed_process_is_an_error() -> None:
    before = set(psutil.Process().children())
    with http_receiver() as hook:
        async with delivery_process(target(hook.url)) as delivery:
            (process,) = set(psutil.Process().children()) - before
            process.kill()
            psutil.wait_procs([process], timeout=10)
            with pytest.raises(UndeliveredError, match="ended unexpectedly"):
                await delivery.deliver(MESSAGE)
    assert hook.received == []


async def test_the_url_is_not_in_the_arguments_or_the_environment() -> None:
    before = set(psutil.Process().children())
    async with delivery_process(target(f"json://user:{SECRET}@127.0.0.1/x")):
        (process,) = set(psutil.Process().children()) - before
        assert SECRET not in str(process.cmdline())
        assert SECRET not in str(process.environ())
