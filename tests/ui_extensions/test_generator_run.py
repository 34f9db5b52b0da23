"""The page of a run that trains a generator: its commands, samples, validation, copies and data."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.api.control.instructions import InstructedLoop, instructed_loop
from tests.servers import Server, fovea_server
from tests.training.diffusion.data.captioned import scanned, write_images
from tests.training.diffusion.data.test_report import count_tokens, plan_of
from tests.ui_extensions.axe import AXE, Scheme, violations
from tests.ui_extensions.run_page import new_run, open_run
from tests.waiting import until
from tracking_plugin.names import Tag
from training.diffusion.data.report import ARTIFACT as REPORT_ARTIFACT
from training.diffusion.data.report import data_report
from training.diffusion.quality.schema import (
    MEMORISATION_ARTIFACT,
    EncoderIdentity,
    FlaggedPair,
    FlaggedShare,
    Memorisation,
    Verdict,
)
from training.diffusion.quality.validation import QUANTILES, ValidationTable, validation_table
from training.tracking.current_image import NUM_FILES, current_image_path

NAMES = ["save_now", "set_learning_rate", "sample_now", "set_prompts", "dance"]
PROMPTS = ("a healthy retina", "a retina with drusen")
STEPS = (10, 20, 300)
PIXEL = """(image) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0, 1, 1);
  return image.complete && image.naturalWidth ? pen.getImageData(0, 0, 1, 1).data[0] : -1;
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("generator")) as server:
        yield server


@pytest.fixture(scope="module")
def trained(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of a run with everything that a training of a generator logs."""
    run = new_run(server.url, "lora", sample_prompts="\n".join(PROMPTS))
    client, run_id = run.client, run.run_id
    for step in STEPS:
        for number in range(1, len(PROMPTS) + 1):
            draw(client, run_id, f"sample_{number}", step, red=step % 256)
    table = losses()
    run.log_named(STEPS[-1], table.metrics())
    run.log_evaluation(3, {"epoch": 3, "step": STEPS[-1], **table.model_dump(mode="json")})
    client.log_dict(run_id, memorised().model_dump(mode="json"), MEMORISATION_ARTIFACT)
    draw(client, run_id, "memorised_pairs", STEPS[-1], red=9)
    root = tmp_path_factory.mktemp("images")
    captions = {"Doe_Jane.png": "one two three four five", "b.png": "x", "c.png": None}
    data = scanned(write_images(root, captions), skip_bad_captions=True)
    client.log_dict(run_id, data_report(data, plan_of(data), count_tokens), REPORT_ARTIFACT)
    return run_id


def draw(client: MlflowClient, run_id: str, key: str, step: int, *, red: int) -> None:
    client.log_image(run_id, Image.new("RGB", (32, 32), (red, 0, 0)), key=key, step=step)


def losses() -> ValidationTable:
    """Better where there is little noise, worse where there is much, and neither in between."""
    base = 1 + 0.1 * np.random.default_rng(0).normal(size=(len(QUANTILES), 12))
    changes = np.array([-0.2, -0.2, -0.2, 0, 0, 0, 0.2, 0.2, 0.2])[:, None]
    noise = 0.1 * np.random.default_rng(1).normal(size=base.shape)
    noise -= noise.mean(axis=1, keepdims=True)
    return validation_table(base + changes + noise, base, np.arange(12))


def memorised() -> Memorisation:
    pair = FlaggedPair(
        generated=3,
        train=5,
        feature_distance=0.1,
        feature_ratio=0.2,
        pixel_distance=0.01,
        is_copy=True,
    )
    share = FlaggedShare(
        num_flagged=30,
        num_generated=40,
        share=0.75,
        interval=(0.6, 0.86),
        expected_share=0.05,
        expected_interval=(0.01, 0.13),
        held_out_share=0.05,
    )
    return Memorisation(
        verdict=Verdict.MEMORISED,
        reason="1 image is a copy of a training image.",
        encoder=EncoderIdentity(name="timm:resnet18", digest="ab" * 32, dimension=512),
        num_generated=40,
        num_train=8,
        num_held_out=40,
        num_held_out_patients=39,
        flagged=share,
        num_copies=1,
        pairs=(pair,),
    )


def part(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def command(page: Page, button: str) -> Locator:
    item = page.get_by_role("list", name="One-time commands").get_by_role("listitem")
    return item.filter(has=page.get_by_role("button", name=button))


def carry_out(loop: InstructedLoop, step: int, message: str = "", result: str = "done") -> None:
    """Take the next command, and answer it."""
    [instruction] = loop.open()
    loop.take(instruction["id"])
    loop.answer(instruction["id"], result, step=step, message=message)


def test_the_commands_that_a_run_understands_are_sent_and_their_states_shown(
    server: Server, page: Page
) -> None:
    run = new_run(server.url, "commanded", sample_prompts="\n".join(PROMPTS))
    draw(run.client, run.run_id, "sample_1", 10, red=10)
    page.add_init_script(path=AXE)
    with instructed_loop(server.url, run.run_id, names=NAMES) as loop:
        open_run(page, server.url, run.run_id)
        sample = command(page, "Draw pictures now")
        sample.get_by_role("button").press("Enter")
        [instruction] = loop.open()
        assert instruction["name"] == "sample_now"
        expect(sample.get_by_role("status")).to_contain_text("Waits for the run")
        expect(sample.get_by_role("button")).to_have_attribute("aria-disabled", "true")
        loop.take(instruction["id"])
        expect(sample.get_by_role("status")).to_contain_text("Taken")
        loop.answer(instruction["id"], step=17, message="The pictures of step 17 are drawn.")
        expect(sample.get_by_role("status")).to_contain_text("Done after step 17")
        expect(sample).to_contain_text("The pictures of step 17 are drawn.")

        rate = command(page, "Change the learning rate")
        expect(rate.get_by_role("button")).to_have_attribute("aria-disabled", "true")
        rate.get_by_role("textbox").fill("0,0005")
        rate.get_by_role("button").click()
        [instruction] = loop.open()
        assert instruction["arguments"] == {"value": 0.0005}
        loop.answer(instruction["id"], "refused", step=18, message="It has ended.")
        expect(rate.get_by_role("status")).to_contain_text("Refused after step 18 It has ended.")

        prompts = command(page, "Replace the prompts")
        expect(prompts.get_by_role("textbox")).to_have_value("\n".join(PROMPTS))
        prompts.get_by_role("textbox").fill("a scar\n\n a vessel ")
        prompts.get_by_role("button").click()
        carry_out(loop, step=20)
        expect(prompts.get_by_role("textbox")).to_have_value("a scar\na vessel")
        draw(run.client, run.run_id, "sample_1", 30, red=30)
        samples = part(page, "Samples")
        expect(samples).to_contain_text("a scar")
        samples.get_by_role("slider", name="Step shown").press("Home")
        expect(samples).to_contain_text(PROMPTS[0])
        expect(samples).not_to_contain_text("a scar")

        # A program's own command, and the history, which follows without a reload.
        command(page, "Send dance").get_by_role("button").click()
        carry_out(loop, step=21, message="Danced.")
        expect(part(page, "Command history")).to_contain_text("Danced.")
        assert violations(page) == []


def test_a_run_that_understands_no_command_or_has_ended_shows_none(
    server: Server, page: Page, trained: str
) -> None:
    open_run(page, server.url, trained)
    expect(part(page, "Samples")).to_be_visible()
    expect(page.get_by_role("list", name="One-time commands")).to_have_count(0)


def test_samples_are_side_by_side_over_prompts_and_steps(
    server: Server, page: Page, trained: str
) -> None:
    open_run(page, server.url, trained)
    samples = part(page, "Samples")
    rows = samples.locator("li")
    expect(rows).to_have_count(len(PROMPTS))
    for number, prompt in enumerate(PROMPTS):
        expect(rows.nth(number)).to_contain_text(prompt)
        expect(rows.nth(number).get_by_role("img")).to_have_count(1)
    expect(rows.nth(0)).to_contain_text("Step 300")
    samples.get_by_role("slider", name="Step shown").press("ArrowLeft")
    expect(rows.nth(0)).to_contain_text("Step 20")

    samples.get_by_label("Compare two steps").check()
    expect(rows.nth(1).locator("figcaption")).to_have_text(["Step 10", "Step 20"])
    samples.get_by_role("slider", name="Compared with step").press("End")
    expect(rows.nth(1).locator("figcaption")).to_have_text(["Step 300", "Step 20"])
    # The viewer has all steps of the prompt.
    samples.get_by_role("button", name="Prompt 2, step 20: enlarge").click()
    viewer = page.get_by_role("dialog", name="sample_2")
    expect(viewer.get_by_label("Step shown").locator("option")).to_have_text(["10", "20", "300"])
    page.keyboard.press("Escape")
    # They are not in the gallery as well.
    expect(page.get_by_role("slider", name="Step of sample_1")).to_have_count(0)


def test_validation_says_where_neither_is_shown_to_be_better(
    server: Server, page: Page, trained: str
) -> None:
    open_run(page, server.url, trained)
    validation = part(page, "Validation by amount of noise")
    rows = validation.locator("tbody tr")
    expect(rows).to_have_count(len(QUANTILES) + 1)
    verdicts = [row.is_better for row in losses().quantiles]
    assert set(verdicts) == {True, False, None}, "each verdict is tested"
    words = {True: "✓better", False: "▲worse", None: "●neither is shown to be better"}
    for number, verdict in enumerate(verdicts):
        expect(rows.nth(number).locator("td").first).to_have_text(words[verdict])
    expect(validation).to_contain_text("Evaluation after epoch 3, step 300")
    expect(validation.get_by_role("img", name=re.compile("Loss of this run"))).to_be_visible()

    # A newer evaluation in the middle of an epoch has no intervals.
    newer = {name: value + 1 for name, value in losses().metrics().items()}
    MlflowClient(server.url).log_metric(trained, "val/loss_q1", newer["val/loss_q1"], step=310)
    expect(validation).to_contain_text("The newest evaluation. Intervals come with")
    expect(rows.nth(0).locator("td").first).to_have_text("◌unknown")


def test_copies_and_the_data_are_reported(server: Server, page: Page, trained: str) -> None:
    open_run(page, server.url, trained)
    copies = part(page, "Memorised training images")
    expect(copies).to_contain_text("Memorised 1 image is a copy of a training image.")
    expect(copies).to_contain_text("30, 75.0% (60.0% \u2013 86.0%)")
    expect(
        copies.get_by_role("button", name=re.compile("enlarge$")).get_by_role("img")
    ).to_be_visible()
    copies.get_by_text("The 1 closest pairs as a table").click()
    expect(copies.get_by_role("row").last).to_have_text(re.compile("3.*5.*0.2.*0.01.*yes"))

    report = part(page, "Data report")
    expect(report).to_contain_text("an image without a caption")
    expect(report.locator("div", has_text="Steps in total").last).to_contain_text("3")
    report.get_by_text("Each of 2 images").click()
    expect(report.get_by_role("table").last.locator("tbody tr")).to_have_count(2)
    expect(report.get_by_role("table").last).to_contain_text("caption cut")
    expect(report).not_to_contain_text("Doe")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_in_both_languages_and_fits_a_phone(
    server: Server, page: Page, trained: str, scheme: Scheme
) -> None:
    page.add_init_script(path=AXE)
    page.set_viewport_size({"width": 390, "height": 844})
    open_run(page, server.url, trained)
    page.get_by_role("button", name="Menu").click()
    page.get_by_label("Language").select_option("fr")
    for title in (
        "Échantillons",
        "Validation selon la quantité de bruit",
        "Images d\u2019entraînement mémorisées",
        "Rapport sur les données",
    ):
        expect(part(page, title)).to_be_visible()
    part(page, "Échantillons").get_by_label("Comparer deux pas").check()
    assert violations(page, scheme) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "the page does not scroll sideways"


def test_the_current_image_is_the_newest_one_although_its_files_replace_each_other(
    server: Server, page: Page, tmp_path: Path
) -> None:
    run = new_run(server.url, "showing")

    def show(number: int) -> int:
        """Show an image; its red."""
        red = 20 + 30 * number
        path = Path(current_image_path(number))
        file = tmp_path / path.name
        Image.new("RGB", (32, 32), (red, 0, 0)).save(file)
        run.client.log_artifact(run.run_id, str(file), str(path.parent))
        run.client.set_tag(run.run_id, Tag.CURRENT_IMAGE, str(path))
        return red

    def is_shown(red: int) -> bool:
        return bool(abs(image.evaluate(PIXEL) - red) <= 3)

    addresses = []
    red = show(1)
    open_run(page, server.url, run.run_id)
    image = part(page, "Images").get_by_role("button", name="Current image: enlarge").locator("img")
    for number in range(2, NUM_FILES + 3):
        until(partial(is_shown, red), f"the red {red}")
        addresses.append(image.get_attribute("src"))
        red = show(number)
    until(partial(is_shown, red), f"the red {red}")
    # Browsers may show the picture that an address had before.
    assert len(set(addresses)) == NUM_FILES + 1
