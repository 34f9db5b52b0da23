"""The pages of a run whose metrics have the names of another program."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.api.logged_runs import LoggedRun
from tests.servers import Server, fovea_server
from tests.ui_extensions.run_page import cards, chart, new_run, open_run


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
