"""Accessibility: axe and WCAG 2.2 AA, keyboard alone, French, widths from 320 pixels to 4K."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient
from playwright.sync_api import Browser, Locator, Page, Route, expect

from api.client import FoveaClient
from tests.api.alerted_run import alerted_run
from tests.api.logged_runs import LoggedRun
from tests.servers import Server, fovea_server
from tests.ui_extensions.axe import AXE, Scheme, violations
from tests.ui_extensions.conftest import DEADLINE_MS, listen
from tests.ui_extensions.run_page import caption, control, open_run, plot
from training.taxonomies.taxonomy import caasi_v6_1

MOST_TABS = 150

View = Callable[[Page, Server, LoggedRun], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("accessibility") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def run(server: Server) -> LoggedRun:
    """A run with content in every part of its page: alerts, 28 classes, a command, a machine."""
    alerted = alerted_run(server.url, "evaluated")
    client = MlflowClient(server.url)
    run = LoggedRun(client, alerted.run_id)
    client.log_param(run.run_id, "steps_per_epoch", "2")
    client.log_param(run.run_id, "total_epochs", "8")
    classes = caasi_v6_1().classes
    for step in range(1, 5):
        values = {"train/loss": 1.5 / step, "val/loss": 2.5 / step, "val/accuracy": step / 8}
        machine = {
            "system/cpu_utilization_percentage": 45.2,
            "system/system_memory_usage_percentage": 67.8,
            "system/gpu_0_utilization_percentage": 95.2,
            "system/gpu_0_memory_usage_percentage": 96.0,
        }
        recalls = {f"per_class/{name}": 0.75 for name in classes}
        run.log_named(step, values | machine | recalls)
    for epoch in (1, 2):
        run.log_evaluation(epoch, evaluation(classes, epoch))
    run.log(5, train__loss=float("nan"))
    httpx.post(f"{server.url}/api/training/pause", params={"run_id": run.run_id}, json={})
    with FoveaClient(server.url) as fovea:
        fovea.acknowledge(alerted.alert_id, note="Seen")
    return run


def evaluation(classes: Sequence[str], epoch: int) -> Mapping[str, Any]:
    matrix = [
        [9 if row == column else (row + column) % 3 for column in range(len(classes))]
        for row in range(len(classes))
    ]
    scores = {"support": 20, "precision": 0.5, "recall": 0.45, "f1": 0.475, "auc_roc": None}
    return {
        "epoch": epoch,
        "step": 2 * epoch,
        "classes": classes,
        "confusion_matrix": matrix,
        "class_report": dict.fromkeys(classes, scores),
    }


@contextmanager
def shown(browser: Browser, complaints: list[str], **options: Any) -> Iterator[Page]:
    """A page in a browser context with these options."""
    context = browser.new_context(**{"locale": "en-GB", **options})
    context.set_default_timeout(DEADLINE_MS)
    context.add_init_script(path=AXE)
    context.route(re.compile(r"/api/training/[0-9a-f]{32}/logs"), with_lines)
    page = context.new_page()
    listen(page, complaints)
    try:
        yield page
    finally:
        context.close()
    assert complaints == []


def with_lines(route: Route) -> None:
    levels = ("debug", "info", "warning", "error", "critical")
    route.fulfill(json=[{"level": level, "message": f"a line of {level}"} for level in levels])


def runs_page(page: Page, server: Server, _: LoggedRun) -> None:
    page.goto(f"{server.url}/monitor/#/")
    expect(page.get_by_role("main").get_by_role("link", name="evaluated")).to_be_visible()


def run_page(page: Page, server: Server, run: LoggedRun) -> None:
    open_run(page, server.url, run.run_id)
    expect(page.get_by_role("gridcell")).to_have_count(28 * 28)
    # Charts are drawn only when they are scrolled into view.
    page.locator("figure").first.scroll_into_view_if_needed()
    expect(page.locator("figure canvas").first).to_be_visible()
    page.locator("#confusion-matrix").scroll_into_view_if_needed()
    expect(page.locator("#alerts article, #alerts li").first).to_be_visible()
    expect(page.get_by_role("log").get_by_text("a line of critical")).to_be_visible()
    expect(page.get_by_text("anonymous").first).to_be_visible()
    page.locator("details").evaluate_all("(all) => all.forEach((each) => { each.open = true; })")


def alerts_page(page: Page, server: Server, _: LoggedRun) -> None:
    page.goto(f"{server.url}/monitor/#/alerts?state=all")
    expect(page.get_by_role("article").nth(1)).to_be_visible()
    page.locator("details").evaluate_all("(all) => all.forEach((each) => { each.open = true; })")


def start_form(page: Page, server: Server, run: LoggedRun) -> None:
    runs_page(page, server, run)
    page.locator("main button").filter(has_text=re.compile("Start|Démarrer")).click()
    expect(page.get_by_role("dialog").locator("select").first).to_be_visible()
    page.locator("dialog summary").click()


def pause_dialog(page: Page, server: Server, run: LoggedRun) -> None:
    open_run(page, server.url, run.run_id)
    page.get_by_role("button", name=re.compile("^(Pause|Mettre en pause)…")).click()
    expect(page.get_by_role("dialog")).to_be_visible()


VIEWS: Mapping[str, View] = {
    "runs": runs_page,
    "run": run_page,
    "alerts": alerts_page,
    "start form": start_form,
    "pause dialog": pause_dialog,
}


@pytest.mark.parametrize(
    ("size", "schemes"),
    [((1440, 900), ("light", "dark")), ((390, 844), ("dark", "light"))],
    ids=["desktop", "phone"],
)
def test_axe_finds_nothing_against_wcag_22_aa(
    server: Server,
    run: LoggedRun,
    browser: Browser,
    complaints: list[str],
    size: tuple[int, int],
    schemes: Sequence[Scheme],
) -> None:
    viewport = {"width": size[0], "height": size[1]}
    found = {}
    with shown(browser, complaints, viewport=viewport) as page:
        for name, view in VIEWS.items():
            # Each page is opened anew, because an open dialog would cover the next one.
            page.goto("about:blank")
            page.emulate_media(color_scheme=schemes[0])
            view(page, server, run)
            for scheme in schemes:
                found[name, scheme] = violations(page, scheme)
    assert found == {key: [] for key in itertools.product(VIEWS, schemes)}


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("size", [(320, 640), (3840, 2160)], ids=["320 px", "4K"])
def test_no_page_scrolls_sideways(
    server: Server,
    run: LoggedRun,
    browser: Browser,
    complaints: list[str],
    locale: str,
    size: tuple[int, int],
) -> None:
    viewport = {"width": size[0], "height": size[1]}
    overflows = {}
    with shown(browser, complaints, locale=locale, viewport=viewport) as page:
        for name, view in VIEWS.items():
            page.goto("about:blank")
            view(page, server, run)
            overflows[name] = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
    assert overflows == dict.fromkeys(VIEWS, 0)


def test_the_keyboard_is_enough(server: Server, run: LoggedRun, page: Page) -> None:
    open_run(page, server.url, run.run_id)
    pausing = control(page, "Pause…")
    expect(pausing).to_be_visible()
    cell = page.get_by_role("gridcell").first
    expect(cell).to_be_attached()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()

    tab_to(page, pausing)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Pause this run?")
    expect(dialog.locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(pausing).to_be_focused()

    tab_to(page, plot(page, "Loss"))
    page.keyboard.press("ArrowLeft")
    expect(caption(page, "Loss")).to_contain_text("⌖ step 5")
    page.keyboard.press("ArrowLeft")
    expect(caption(page, "Loss")).to_contain_text("⌖ step 4")

    tab_to(page, cell)
    page.keyboard.press("ArrowRight")
    matrix = page.locator("#confusion-matrix")
    expect(matrix).to_contain_text("1 of 36 Fundus_Normal was classified as Fundus_DR_Mild")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("row").filter(has=page.locator(":focus"))).to_contain_text("DR_Mild")
    page.keyboard.press("Tab")
    expect(page.get_by_role("gridcell").and_(page.locator(":focus"))).to_have_count(0)


def tab_to(page: Page, wanted: Locator) -> None:
    for _ in range(MOST_TABS):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{MOST_TABS} times Tab do not lead to {wanted}")


def test_the_pages_use_the_browsers_language_until_another_is_chosen(
    server: Server, run: LoggedRun, browser: Browser, complaints: list[str]
) -> None:
    with shown(browser, complaints, locale="fr-FR") as page:
        open_run(page, server.url, run.run_id)
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        for heading in ("Courbes", "Matrice de confusion", "Alertes", "Journal"):
            expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        newest = page.get_by_role("list", name="Dernières valeurs")
        expect(newest).to_contain_text("0,625")
        expect(newest).not_to_contain_text("0.625")

        page.get_by_label("Langue").select_option("English")

        for heading in ("Charts", "Confusion matrix", "Alerts", "Log"):
            expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_role("list", name="Newest values")).to_contain_text("0.625")
        page.reload()
        expect(page.get_by_role("heading", name="Charts", exact=True)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_chosen_theme_is_remembered(
    server: Server, run: LoggedRun, browser: Browser, complaints: list[str]
) -> None:
    with shown(browser, complaints, color_scheme="light") as page:
        runs_page(page, server, run)
        expect(page.locator("html")).to_have_attribute("data-theme", "light")
        bright = background(page)

        page.get_by_label("Appearance").select_option("Dark")

        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert background(page) != bright
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))
