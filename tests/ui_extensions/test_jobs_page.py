"""The page of the jobs: the queue of a GPU, priorities, cancelling; data sets and base models to start from."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.jobs.test_waiting_jobs import Jobs, cluster, server_on
from tests.training.diffusion.data.captioned import write_images
from tests.ui_extensions.axe import AXE, Scheme, violations
from tests.waiting import until


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    with cluster() as ray, server_on(tmp_path_factory.mktemp("jobs"), ray) as running:
        yield running


@pytest.fixture(scope="module")
def queued(jobs: Jobs) -> list[str]:
    """The ids of a training that runs and of two that wait, in their order."""
    running = jobs.start()
    jobs.wait_linked(running)
    waiting = [jobs.start(priority=7), jobs.start(priority=5)]
    until(lambda: jobs.waiting() == waiting, "the two that wait")
    return [running, *waiting]


@pytest.fixture(scope="module")
def inputs(jobs: Jobs, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fundus")
    write_images(folder, {"a.png": "a retina", "b.png": None})
    (folder / "c.txt").write_text("no image")
    made = {"name": "fundus", "path": str(folder)}
    assert jobs.request("POST", "/api/datasets", json=made).status_code == 201
    model = {"name": "SDXL", "hub_id": "stabilityai/stable-diffusion-xl-base-1.0"}
    assert jobs.request("POST", "/api/models", json=model).status_code == 201


def open_jobs(page: Page, jobs: Jobs) -> None:
    page.add_init_script(path=AXE)
    page.goto(f"{jobs.server.url}/monitor/#/jobs")


def rows(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True).last.locator("tbody tr")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_in_both_languages_and_fits_a_phone(
    jobs: Jobs, page: Page, queued: list[str], inputs: None, scheme: Scheme
) -> None:
    open_jobs(page, jobs)
    expect(rows(page, "Queue for the GPUs")).to_have_count(3)
    expect(rows(page, "Jobs of this server")).to_have_count(3)
    assert violations(page, scheme) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Menu").click()
    page.get_by_label("Language").select_option("fr")
    expect(rows(page, "Jeux de données enregistrés")).to_have_count(1)
    expect(rows(page, "Modèles de base enregistrés")).to_have_count(1)
    assert violations(page) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "the page does not scroll sideways"


def test_data_sets_and_base_models_are_listed_with_what_was_counted(
    jobs: Jobs, page: Page, inputs: None
) -> None:
    open_jobs(page, jobs)
    [dataset] = jobs.request("GET", "/api/datasets").json()
    row = rows(page, "Registered data sets")
    expect(row.locator("td")).to_contain_text(
        ["images with captions", dataset["path"], "2", "1", "1"]
    )
    write_images(Path(dataset["path"]), {"d.png": "another"})
    row.get_by_role("button", name="Count again fundus").click()
    expect(row.locator("td").nth(2)).to_have_text("3")
    expect(rows(page, "Registered base models")).to_contain_text("stable-diffusion-xl-base-1.0")


def test_priorities_are_changed_and_jobs_are_cancelled(
    jobs: Jobs, page: Page, queued: list[str]
) -> None:
    running, first, second = queued
    open_jobs(page, jobs)
    queue = rows(page, "Queue for the GPUs")
    expect(page.get_by_text("1 of 1 slots in use, 0 free.")).to_be_visible()
    expect(queue.locator("td:first-child")).to_have_text(["runs", "1", "2"])
    link = queue.nth(2).get_by_role("link")
    expect(link).to_have_attribute("href", f"#/runs/{second}")
    priority = queue.nth(2).get_by_role("combobox")
    expect(priority).to_have_value("5")
    expect(queue.nth(0).get_by_role("combobox")).to_have_count(0)

    priority.select_option("9")
    expect(queue.nth(1).get_by_role("link")).to_have_attribute("href", f"#/runs/{second}")
    assert jobs.waiting() == [second, first]

    queue.nth(2).get_by_role("button", name="Cancel").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel the job").click()
    expect(dialog.get_by_role("status")).to_contain_text("The job has ended.")
    dialog.get_by_role("button", name="Close").click()
    expect(queue).to_have_count(2)
    assert jobs.entry(first)["status"] == "stopped"

    queue.nth(0).get_by_role("button", name="Cancel").click()
    dialog.get_by_role("button", name="Cancel the job").click()
    expect(dialog.get_by_role("status")).to_contain_text("Acknowledged after step")
    until(lambda: jobs.entry(running)["can_resume"], "the end of the job")
    dialog.get_by_role("button", name="Close").click()
    # The one that waits begins.
    expect(queue.locator("td:first-child")).to_have_text(["runs"])

    listed = rows(page, "Jobs of this server").filter(has_text="Resume")
    listed.filter(has=page.locator(f'a[href="#/runs/{running}"]')).get_by_role(
        "button", name="Resume"
    ).click()
    expect(queue.nth(1).get_by_role("link")).to_have_attribute("href", f"#/runs/{running}")
    for run_id in (running, second):
        jobs.cancel(run_id)


@pytest.mark.parametrize("is_registered", [True, False])
def test_a_training_is_started_on_a_registered_data_set_from_a_base_model(
    jobs: Jobs, page: Page, inputs: None, is_registered: bool
) -> None:
    page.goto(f"{jobs.server.url}/monitor/")
    page.get_by_role("button", name="Start a training…").click()
    form = page.get_by_role("dialog", name="Start a training")
    form.get_by_label("Recipe", exact=True).select_option("diffusion")
    [dataset] = jobs.request("GET", "/api/datasets").json()
    [model] = jobs.request("GET", "/api/models").json()
    form.get_by_label("Registered data set").select_option(
        f"fundus ({dataset['num_images']} images)"
    )
    expect(form.get_by_label("Data folder")).to_have_count(0)
    expected = {"dataset_id": dataset["id"], "params": {}}
    if is_registered:
        form.get_by_label("Registered base model").select_option("SDXL")
        expected["base_model_id"] = model["id"]
    else:
        form.get_by_text(re.compile("^More settings")).click()
        form.get_by_label("Base Model Id").fill("runwayml/stable-diffusion-v1-5")
        expected["params"] = {"base_model_id": "runwayml/stable-diffusion-v1-5"}
    with page.expect_request("**/api/training/start") as sent:
        form.get_by_role("button", name="Start", exact=True).click()
    body = sent.value.post_data_json
    assert body is not None
    general = {"recipe": "diffusion", "experiment_name": "diffusion", "workers": 1}
    assert body == {**general, **expected}
    page.wait_for_url("**/runs/*")
    jobs.cancel(page.url.rsplit("/", 1)[1])
