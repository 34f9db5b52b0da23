"""A page whose server goes away, freezes or cuts it off: never called live, and whole again after."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.api.logged_runs import LoggedRun
from tests.proxy import TcpProxy
from tests.servers import Server, fovea_server
from tests.ui_extensions.conftest import forgive
from tests.ui_extensions.run_page import (
    caption,
    cards,
    connection,
    control,
    health,
    new_run,
    open_run,
    plot,
)

NOTICED_MS = 20_000
"""Two heartbeats of the page, and what a busy machine takes."""

BACK_MS = 60_000
"""The longest pause between two attempts, and what a busy machine takes."""

NETWORK = r"ERR_|WebSocket"


class Restartable:
    """A server that is killed and started again where it was."""

    def __init__(self, data_dir: Path, stack: ExitStack) -> None:
        self._data_dir = data_dir
        self._stack = stack
        self.server = self._start(None)

    def _start(self, port: int | None) -> Server:
        return self._stack.enter_context(fovea_server(self._data_dir, port=port))

    @property
    def url(self) -> str:
        return self.server.url

    def kill(self) -> None:
        self.server.kill()

    def start_again(self) -> None:
        self.server = self._start(self.server.port)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        process = psutil.Process(self.server.process.pid)
        processes = [process, *process.children(recursive=True)]
        for each in processes:
            each.suspend()
        try:
            yield
        finally:
            for each in processes:
                each.resume()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restartable]:
    with ExitStack() as stack:
        yield Restartable(tmp_path_factory.mktemp("connection") / "data", stack)


@pytest.fixture
def run(server: Restartable) -> LoggedRun:
    """With ten steps."""
    run = new_run(server.url, "watched")
    log(run, range(1, 11))
    return run


@pytest.fixture
def proxy(server: Restartable) -> Iterator[TcpProxy]:
    with TcpProxy(server.server.port) as proxy:
        yield proxy


def log(run: LoggedRun, steps: range) -> None:
    for step in steps:
        run.log(step, train__loss=value_at(step))


def value_at(step: int) -> float:
    return 1000 + step


def expect_every_point(page: Page, last_step: int) -> None:
    """Step by step with the cursor, from the newest to the first one."""
    expect(caption(page, "Loss")).to_have_text(f"step {last_step}")
    expect(cards(page).first).to_contain_text(f"{value_at(last_step):,.0f}")
    reading = page.locator("figure").get_by_role("status")
    for step in range(last_step, 0, -1):
        plot(page, "Loss").press("ArrowLeft")
        expect(caption(page, "Loss")).to_have_text(f"⌖ step {step}")
        expect(reading).to_have_text(f"{value_at(step):,.0f}")


def test_what_was_logged_while_the_server_was_away_is_there_when_both_are_back(
    server: Restartable, run: LoggedRun, page: Page, complaints: list[str]
) -> None:
    open_run(page, server.url, run.run_id)
    expect(connection(page)).to_have_text(re.compile("Live$"))
    expect(health(page)).to_contain_text("Healthy")
    expect(caption(page, "Loss")).to_have_text("step 10")

    server.kill()

    expect(connection(page)).to_contain_text("Not live: connection lost")
    expect(health(page)).to_contain_text("Not live")
    expect(health(page)).to_contain_text("values as of")
    expect(health(page)).not_to_contain_text("Healthy")
    expect(control(page, "Pause…")).to_contain_text("the server cannot be reached")
    # What is known stays to be read.
    expect(caption(page, "Loss")).to_have_text("step 10")

    server.start_again()
    log(run, range(11, 21))

    expect(connection(page)).to_have_text(re.compile("Live$"), timeout=BACK_MS)
    expect(connection(page)).not_to_contain_text("Not")
    expect(health(page)).to_contain_text("Healthy")
    expect(control(page, "Pause…")).not_to_have_attribute("aria-disabled", "true")
    expect_every_point(page, 20)
    run.log(21, train__loss=value_at(21))
    expect(cards(page).first).to_contain_text("1,021")
    forgive(complaints, NETWORK)


def test_the_list_of_runs_is_not_shown_as_live_while_the_server_is_away(
    server: Restartable, run: LoggedRun, page: Page, complaints: list[str]
) -> None:
    page.goto(f"{server.url}/monitor/")
    card = page.get_by_role("listitem").filter(has_text="watched").first
    expect(card).to_be_visible()
    expect(card).not_to_have_attribute("data-stale", "true")

    with server.frozen():
        expect(connection(page)).to_contain_text("Not live", timeout=NOTICED_MS)
        expect(card).to_have_attribute("data-stale", "true")

    expect(connection(page)).not_to_contain_text("Not live", timeout=BACK_MS)
    expect(card).not_to_have_attribute("data-stale", "true")
    forgive(complaints, NETWORK)


def test_a_connection_that_is_cut_goes_on_where_it_ended(
    server: Restartable, run: LoggedRun, proxy: TcpProxy, page: Page, complaints: list[str]
) -> None:
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    open_run(page, proxy.url, run.run_id)
    expect(caption(page, "Loss")).to_have_text("step 10")
    expect(cards(page).first).to_contain_text("1,010")
    reread: list[str] = []
    page.on("request", lambda it: reread.append(it.url) if "/performance/" in it.url else None)

    for last in (15, 20, 25):
        proxy.cut()
        log(run, range(last - 4, last + 1))
        expect(caption(page, "Loss")).to_have_text(f"step {last}")

    assert len(sockets) >= 4
    assert "since=" not in sockets[0]
    assert all("since=" in url for url in sockets[1:])
    # It was told of all that it had missed, and had to read nothing again.
    assert reread == []
    expect_every_point(page, 25)
    forgive(complaints, NETWORK)


def test_what_could_not_be_read_is_read_as_soon_as_the_server_answers(
    server: Restartable, run: LoggedRun, page: Page, complaints: list[str]
) -> None:
    requests = re.compile("/api/")
    page.route(requests, lambda route: route.abort())
    open_run(page, server.url, run.run_id)
    expect(connection(page)).to_have_text(re.compile("Live$"))
    expect(page.get_by_role("button", name="Try again").first).to_be_visible()
    log(run, range(11, 13))
    page.unroute(requests)

    expect(health(page)).to_contain_text("Healthy")
    expect_every_point(page, 12)
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    forgive(complaints, NETWORK)


def test_a_server_that_freezes_is_noticed_and_never_shown_as_live(
    server: Restartable, run: LoggedRun, page: Page, complaints: list[str]
) -> None:
    open_run(page, server.url, run.run_id)
    expect(health(page)).to_contain_text("Healthy")
    keep_what_is_said(connection(page))

    with server.frozen():
        expect(connection(page)).to_contain_text("Not live", timeout=NOTICED_MS)
        expect(health(page)).to_contain_text("Not live")
        # Its port still takes connections, which nobody answers: two of them are given up.
        for _ in range(2):
            page.wait_for_event("websocket")
        thawed_ms = time.time() * 1000

    expect(health(page)).to_contain_text("Healthy", timeout=BACK_MS)
    log(run, range(11, 13))
    expect_every_point(page, 12)
    said = page.evaluate("window.said")
    lost, *_, back = said
    assert "Not live" in lost["text"]
    assert all("Not live" in each["text"] for each in said if each["atMs"] < thawed_ms)
    assert back["text"].endswith("Live")
    forgive(complaints, NETWORK)


def keep_what_is_said(status: Locator) -> None:
    """Each text that it shows from now on, with its time, in `window.said`."""
    status.evaluate(
        """(element) => {
          window.said = [];
          new MutationObserver(() => {
            window.said.push({ text: element.textContent, atMs: Date.now() });
          }).observe(element, { childList: true, subtree: true, characterData: true });
        }"""
    )


def test_a_server_that_never_says_how_things_stand_is_not_called_live(
    server: Restartable, run: LoggedRun, page: Page
) -> None:
    page.route_web_socket(re.compile("/ws"), lambda _: None)

    open_run(page, server.url, run.run_id)

    expect(connection(page)).to_contain_text("Connecting…")
    expect(caption(page, "Loss")).to_have_text("step 10")
    expect(health(page)).to_contain_text("Not live")
    expect(connection(page)).to_contain_text("Not live", timeout=NOTICED_MS)


def test_a_server_that_refuses_the_page_is_said_to(
    server: Restartable, run: LoggedRun, page: Page
) -> None:
    page.route_web_socket(re.compile("/ws"), refuse)

    open_run(page, server.url, run.run_id)

    expect(connection(page)).to_contain_text("Not live: the server refuses this page")
    expect(health(page)).to_contain_text("Not live")


def refuse(socket: WebSocketRoute) -> None:
    socket.close(code=4403, reason="This run is not yours")
