"""The pages of a run whose metrics have the names of another program."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.logged_runs import LoggedRun
from tests.servers import Server, fovea_server
from tests.ui_extensions.run_page import caption, cards, chart, new_run, open_run


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("programs")) as server:
        yield server


@pytest.fixture(scope="module")
def run(server: Server) -> LoggedRun:
    """A run of a Hugging Face Trainer in its second epoch."""
    run = new_run(server.url, "trainer")
    for step in (10, 20, 30, 40, 50):
        training = {"loss": 4 / step, "grad_norm": 2.7, "learning_rate": 1 / step}
        run.log_named(step, {**training, "epoch": step / 30})
    for step in (30, 50):
        run.log_named(step, {"eval_loss": 5 / step, "eval_accuracy": step / 100})
    return run


def test_train_and_validation_share_the_charts_of_their_measure(
    server: Server, run: LoggedRun, page: Page
) -> None:
    open_run(page, server.url, run.run_id)

    expect(chart(page, "Loss").get_by_role("listitem")).to_contain_text(["loss", "eval_loss"])
    for title in ("Accuracy", "Learning rate", "Gradient norm"):
        expect(chart(page, title)).to_have_count(1)
    expect(page.get_by_text(re.compile("More metrics"))).to_have_count(0)


def test_only_what_has_a_direction_gets_better(server: Server, run: LoggedRun, page: Page) -> None:
    open_run(page, server.url, run.run_id)

    expect(cards(page)).to_contain_text(["eval_loss", "loss", "eval_accuracy"])
    expect(cards(page).first).to_contain_text("best 0.1")
    expect(page.get_by_text(re.compile("getting worse"))).to_have_count(0)
    expect(cards(page).filter(has_text="grad_norm")).to_have_count(0)


def test_sections_without_anything_to_show_are_not_shown(
    server: Server, run: LoggedRun, page: Page
) -> None:
    open_run(page, server.url, run.run_id)

    expect(page.get_by_role("heading", name="Compare epochs")).to_be_visible()
    for heading in ("Confusion matrix", "Recall per class"):
        expect(page.get_by_role("heading", name=heading)).to_have_count(0)
    expect(page.get_by_text(re.compile("is not over"))).to_have_count(0)


def test_the_card_of_the_run_shows_its_main_values_live(
    server: Server, run: LoggedRun, page: Page
) -> None:
    page.goto(f"{server.url}/monitor/")
    card = page.get_by_role("listitem").filter(has_text="trainer")
    expect(card).to_contain_text(re.compile("Loss.*val.*0.1.*0.08"))
    expect(card).to_contain_text(re.compile("Accuracy.*val.*0.5"))

    run.log_named(60, {"eval_loss": 0.0625})

    expect(card).to_contain_text(re.compile("Loss.*val.*0.0625"))


def test_the_other_metrics_are_in_panels_by_prefix(
    server: Server, page: Page, browser: Browser
) -> None:
    run = new_run(server.url, "prefixes")
    others = {f"layer{layer}/{part}": 1.0 for layer in range(3) for part in ("mean", "norm")}
    run.log_named(1, {"loss": 1.0, "plain": 2.0, "system/fan": 3.0, **others})
    open_run(page, server.url, run.run_id)
    panels = page.get_by_role("region", name="Charts").locator("summary")
    expect(panels).to_have_text(
        ["More metrics (1)", "layer0 (2)", "layer1 (2)", "layer2 (2)", "system (1)"]
    )
    expect(page.locator("figure")).to_have_count(1)

    panels.nth(2).press("Enter")
    expect(caption(page, "layer1/norm")).to_have_text("step 1")
    expect(page.locator("figure")).to_have_count(3)
    # A reload and a shared link show the same panels.
    page.reload()
    # A chart is drawn once it is in view.
    chart(page, "layer1/norm").scroll_into_view_if_needed()
    expect(caption(page, "layer1/norm")).to_have_text("step 1")
    expect(chart(page, "layer0/norm")).to_have_count(0)

    page.get_by_label("Find a metric").fill("LAYER2/m")
    expect(panels).to_have_text(["layer2 (1)"])
    chart(page, "layer2/mean").scroll_into_view_if_needed()
    expect(caption(page, "layer2/mean")).to_have_text("step 1")
    expect(page.locator("figure")).to_have_count(1)

    french = browser.new_page(locale="fr-FR")
    french.goto(page.url)
    expect(french.get_by_label("Chercher une métrique")).to_have_value("LAYER2/m")
    chart(french, "layer2/mean").scroll_into_view_if_needed()
    expect(caption(french, "layer2/mean")).to_have_text("pas 1")
    french.close()
