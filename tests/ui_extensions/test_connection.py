"""Pages without a server, with a frozen one or a cut connection: never live, and complete afterwards."""

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
"""Two heartbeats of the page, with a margin for a busy machine."""

BACK_MS = 60_000
"""The longest delay between two attempts, with a margin for a busy machine."""

NETWORK = r"ERR_|WebSocket"


class Restartable:
    """A server that can be killed and started again on the same port."""

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
    """A run with ten steps."""
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
    """Move the cursor through all steps, from the newest to the first."""
    expect(caption(page, "Loss")).to_have_text(f"step {last_step}")
    expect(cards(page).first).to_contain_text(f"{value_at(last_step):,.0f}")
    reading = page.locator("figure").get_by_role("status")
    for step in range(last_step, 0, -1):
        plot(page, "Loss").press("ArrowLeft")
        expect(caption(page, "Loss")).to_have_text(f"⌖ step {step}")
        expect(reading).to_have_text(f"{value_at(step):,.0f}")


def test_points_logged_during_an_outage_appear_after_it(
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
    # The known values stay visible.
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


def test_a_cut_connection_resumes_without_a_reload(
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
    # The server sent everything that was missed, so nothing was loaded again.
    assert reread == []
    expect_every_point(page, 25)
    forgive(complaints, NETWORK)


def test_a_failed_load_is_repeated_as_soon_as_the_server_answers(
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


def test_a_frozen_server_is_never_shown_as_live(
    server: Restartable, run: LoggedRun, page: Page, complaints: list[str]
) -> None:
    open_run(page, server.url, run.run_id)
    expect(health(page)).to_contain_text("Healthy")
    record_texts(connection(page))

    with server.frozen():
        expect(connection(page)).to_contain_text("Not live", timeout=NOTICED_MS)
        expect(health(page)).to_contain_text("Not live")
        # Its port still accepts connections, which are not answered: two of them time out.
        for _ in range(2):
            page.wait_for_event("websocket")
        thawed_ms = time.time() * 1000

    expect(health(page)).to_contain_text("Healthy", timeout=BACK_MS)
    log(run, range(11, 13))
    expect_every_point(page, 12)
    said = page.evaluate("window.texts")
    lost, *_, back = said
    assert "Not live" in lost["text"]
    assert all("Not live" in each["text"] for each in said if each["atMs"] < thawed_ms)
    assert back["text"].endswith("Live")
    forgive(complaints, NETWORK)


def record_texts(status: Locator) -> None:
    """Record each text that the element shows, with its time, in `window.texts`."""
    status.evaluate(
        """(element) => {
          window.texts = [];
          new MutationObserver(() => {
            window.texts.push({ text: element.textContent, atMs: Date.now() });
          }).observe(element, { childList: true, subtree: true, characterData: true });
        }"""
    )


def test_a_connection_without_a_first_message_is_not_live(
    server: Restartable, run: LoggedRun, page: Page
) -> None:
    page.route_web_socket(re.compile("/ws"), lambda _: None)

    open_run(page, server.url, run.run_id)

    expect(connection(page)).to_contain_text("Connecting…")
    expect(caption(page, "Loss")).to_have_text("step 10")
    expect(health(page)).to_contain_text("Not live")
    expect(connection(page)).to_contain_text("Not live", timeout=NOTICED_MS)


def test_a_refused_page_says_so(server: Restartable, run: LoggedRun, page: Page) -> None:
    page.route_web_socket(re.compile("/ws"), refuse)

    open_run(page, server.url, run.run_id)

    expect(connection(page)).to_contain_text("Not live: the server refuses this page")
    expect(health(page)).to_contain_text("Not live")


def refuse(socket: WebSocketRoute) -> None:
    socket.close(code=4403, reason="This run is not yours")
