"""The page that diagnoses images, in a browser, in front of a gRPC service with canned answers."""

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, Page, expect

from api.diagnosis.v1 import diagnosis_pb2 as v1
from tests.api.diagnosis.fake_service import (
    FakeService,
    Received,
    RefusalError,
    diagnosed,
    diagnosis,
    fake_service,
    result,
)
from tests.ports import LOOPBACK, free_port
from tests.servers import Server, fovea_server
from tests.ui_extensions.axe import Scheme, violations
from tests.ui_extensions.conftest import forgive
from tests.ui_extensions.test_accessibility import shown


def png(colour: tuple[int, int, int], spot: tuple[int, int, int] | None = None) -> bytes:
    """A disc of this colour on black, with a spot."""
    image = Image.new("RGB", (96, 96))
    draw = ImageDraw.Draw(image)
    draw.ellipse((4, 4, 92, 92), colour)
    if spot:
        draw.ellipse((20, 20, 44, 44), spot)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


SCHEMES: tuple[Scheme, ...] = ("light", "dark")
PHOTOGRAPH, OVERLAY, SLICE = png((180, 80, 40)), png((180, 80, 40), (255, 0, 0)), png((90, 90, 90))


def with_map(received: Received) -> v1.Diagnosis:
    """RAO with a heat map over each image; masks where they were asked for."""
    found = diagnosis(received.request_id, received.files)
    for image in found.images:
        heat_map = v1.HeatMap(class_name="RAO", method="GradCAM", overlay_png=OVERLAY)
        if received.files[image.file].name.endswith(".dcm"):
            heat_map.image_png = SLICE
            image.num_frames, image.worst_frame = 24, 11
        image.heat_map.CopyFrom(heat_map)
        if received.options.include_segmentation:
            image.masks.add(class_name="optic_disc", png=png((255, 255, 255)), area=0.06)
    if len(found.images) > 1:
        normal = result("Normal", risk=v1.Risk(risk_level="low"))
        found.eyes.add(laterality=v1.LATERALITY_LEFT, files=[1], result=normal)
    return found


def abstained(received: Received) -> v1.Diagnosis:
    blurred = result(
        abstained=True,
        reason="not gradable: blur",
        quality=v1.Quality(reasons=["blur"], advice="retake"),
        recommendations=["Retake the image: blur."],
    )
    blurred.risk.CopyFrom(v1.Risk(risk_level="unknown", urgency_level="no rule"))
    blurred.quality.gradable = False
    found = diagnosis(received.request_id, received.files)
    found.status = "abstained"
    found.result.CopyFrom(blurred)
    found.images[0].result.CopyFrom(blurred)
    return found


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environment = {"FOVEA_GRPC_ADDRESS": f"{LOOPBACK}:{port}"}
    folder = tmp_path_factory.mktemp("diagnose")
    with fovea_server(folder / "data", environment=environment) as running:
        yield running


@pytest.fixture
def service(port: int) -> Iterator[FakeService]:
    with fake_service(port=port) as service:
        service.answer = with_map
        yield service


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "photograph.png"
    path.write_bytes(PHOTOGRAPH)
    return path


def open_page(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/monitor/#/diagnose")
    expect(page.get_by_text(re.compile("Service ready|Service prêt"))).to_be_visible()


def choose(page: Page, *paths: Path) -> None:
    page.locator("input[type=file]").set_input_files(list(paths))
    expect(page.get_by_role("main").locator("li select").nth(len(paths) - 1)).to_be_visible()


def start_button(page: Page) -> Locator:
    # The name of the page is a link.
    return page.get_by_role("main").get_by_role("button", name=re.compile("^Diagnos(e|tiquer)"))


def part(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def test_a_service_that_is_down_shows_what_to_start(server: Server, port: int, page: Page) -> None:
    page.goto(f"{server.url}/monitor/")
    page.get_by_role("navigation").get_by_role("link", name="Diagnose").click()

    note = page.get_by_role("status").filter(has_text="The diagnosis service is not running")
    expect(note).to_contain_text("python -m serving")
    expect(note).to_contain_text("fovea serve --with-serving")
    expect(start_button(page)).to_have_attribute("aria-disabled", "true")

    with fake_service(port=port):
        expect(page.get_by_text("Model: retina version 3")).to_be_visible()
        expect(note).not_to_be_visible()


def test_a_dropped_image_is_diagnosed_with_everything_that_is_known(
    server: Server, service: FakeService, page: Page
) -> None:
    open_page(page, server)
    drop(page, "Smith_photograph.png", PHOTOGRAPH)
    page.get_by_label("Side of the eye in Smith_photograph.png").select_option("Right eye")
    page.get_by_text("Options").click()
    page.get_by_label(re.compile("Draw masks")).check()
    page.get_by_label(re.compile("below a confidence")).fill("62.5")

    start_button(page).click()

    conclusion = part(page, "Result")
    expect(conclusion).to_contain_text("RAO")
    expect(conclusion).to_contain_text("80.0% calibrated probability")
    expect(conclusion).to_contain_text("In the 90% prediction set: RAO, RVO")
    expect(conclusion).to_contain_text("Urgency within 24 h")
    expect(conclusion).to_contain_text("Source: College of Optometrists · C205 · 2021 · UK")
    expect(conclusion).to_contain_text("No clinician has signed these rules")
    expect(conclusion).to_contain_text("Refer as an emergency")
    expect(part(page, "Checks of the image")).to_contain_text("gradable")
    expect(part(page, "Checks of the image")).to_contain_text("fundus photograph")
    rows = part(page, "Probabilities").get_by_role("listitem")
    expect(rows.first).to_contain_text("(in the prediction set)")
    expect(rows.first).to_contain_text("80.0%")
    expect(part(page, "Findings")).to_contain_text("superior temporal quadrant")
    evidence = part(page, "Evidence per condition").get_by_role("listitem")
    expect(evidence.first).to_contain_text("92% (95% interval 67% to 99%), 13 cases")
    expect(evidence.nth(1)).to_contain_text("threshold 20.0%")
    expect(part(page, "Limits")).to_contain_text("Research; not a medical device")
    expect(part(page, "Limits")).to_contain_text("RAO was shown on 13 images only")
    expect(part(page, "Images")).to_contain_text("Right eye (as stated here)")

    [received] = service.received
    assert received.contents == [PHOTOGRAPH]
    assert received.files[0].laterality == v1.LATERALITY_RIGHT
    assert "Smith" not in received.files[0].name
    assert received.options.confidence_threshold == 0.625


def drop(page: Page, name: str, content: bytes) -> None:
    given = page.evaluate_handle(
        """([name, content]) => {
          const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
          const given = new DataTransfer();
          given.items.add(new File([bytes], name, { type: "image/png" }));
          return given;
        }""",
        [name, base64.b64encode(content).decode()],
    )
    target = page.get_by_text("Drop images here")
    for event in ("dragenter", "dragover", "drop"):
        target.dispatch_event(event, {"dataTransfer": given})


def test_the_heat_map_lies_over_the_image_and_fades_with_the_slider(
    server: Server, service: FakeService, page: Page, photograph: Path
) -> None:
    open_page(page, server)
    choose(page, photograph)
    page.get_by_text("Options").click()
    page.get_by_label(re.compile("Draw masks")).check()
    start_button(page).click()

    image = page.get_by_role("img", name="Image photograph.png")
    overlay = page.get_by_role("img", name="Heat map for RAO")
    expect(image).to_have_js_property("naturalWidth", 96)
    expect(overlay).to_have_js_property("naturalWidth", 96)
    assert image.bounding_box() == overlay.bounding_box()
    expect(overlay).to_have_css("opacity", "0.6")
    slider = page.get_by_role("slider", name="Heat map")
    slider.focus()
    page.keyboard.press("Home")
    expect(overlay).to_have_css("opacity", "0")
    page.keyboard.press("End")
    expect(overlay).to_have_css("opacity", "1")

    layer = page.locator("[data-mask=optic_disc]")
    expect(layer).to_have_count(0)
    page.get_by_label("optic disc, 6.0% of the image").check()
    expect(layer).to_have_css("mask-mode", "luminance")
    assert layer.bounding_box() == image.bounding_box()


def test_several_images_are_one_patient_and_a_scan_is_shown_without_a_preview(
    server: Server, service: FakeService, page: Page, photograph: Path, tmp_path: Path
) -> None:
    scan = tmp_path / "volume.dcm"
    scan.write_bytes(b"DICM")
    open_page(page, server)
    choose(page, photograph, scan)
    start_button(page).click()

    eyes = part(page, "Each eye").get_by_role("listitem")
    expect(eyes).to_have_count(2)
    expect(eyes.nth(1)).to_contain_text("Left eye")
    expect(eyes.nth(1)).to_contain_text("Normal")
    part(page, "Images").get_by_label("Image", exact=True).select_option("2. volume.dcm")
    expect(part(page, "Images")).to_contain_text("Slice 12 of 24, the worst one")
    slice_shown = page.get_by_role("img", name="Image volume.dcm")
    expect(slice_shown).to_have_js_property("naturalWidth", 96)
    assert str(slice_shown.get_attribute("src")).startswith("data:image/png")

    page.get_by_role("button", name="Remove photograph.png").click()
    expect(page.get_by_text("The images have changed since this result.")).to_be_visible()


def test_an_abstention_says_why_and_is_overruled_with_a_class(
    server: Server, service: FakeService, page: Page, photograph: Path
) -> None:
    service.answer = abstained
    open_page(page, server)
    choose(page, photograph)
    start_button(page).click()

    expect(part(page, "Result")).to_contain_text("No diagnosis")
    expect(part(page, "Result")).to_contain_text("Why: not gradable: blur")
    expect(part(page, "Result")).to_contain_text("Retake the image: blur.")
    expect(part(page, "Result")).not_to_contain_text("Urgency")
    expect(part(page, "Checks of the image")).to_contain_text("blurred · retake the image")
    evidence = part(page, "Evidence per condition").get_by_role("listitem")
    expect(evidence.first).to_contain_text("not judged")
    expect(evidence.first).not_to_contain_text("probability")

    verdict = part(page, "Your verdict")
    expect(verdict.get_by_role("button", name="I agree")).to_have_count(0)
    verdict.get_by_role("button", name="Name what you see…").click()
    verdict.get_by_role("button", name="Send").click()
    expect(verdict).to_contain_text("A class was expected.")
    verdict.get_by_label("What you see").select_option("RVO")
    verdict.get_by_label("Note (optional)").fill("Flame haemorrhages")
    verdict.get_by_role("button", name="Send").click()

    expect(verdict).to_contain_text("You saw RVO.")
    request_id = service.received[0].request_id
    kept = httpx.get(f"{server.url}/api/v1/dicom/feedback/{request_id}").json()
    assert (kept["verdict"], kept["true_class"]) == ("overrule", "RVO")
    assert kept["note"] == "Flame haemorrhages"


def test_a_clinician_agrees_and_changes_her_mind(
    server: Server, service: FakeService, page: Page, photograph: Path
) -> None:
    open_page(page, server)
    choose(page, photograph)
    start_button(page).click()
    verdict = part(page, "Your verdict")

    verdict.get_by_role("button", name="I agree").click()
    expect(verdict).to_contain_text("You agreed.")
    verdict.get_by_role("button", name="Change").click()
    verdict.get_by_role("button", name="I see something else…").click()
    verdict.get_by_label("What you see").select_option("Normal")
    verdict.get_by_role("button", name="Send").click()

    expect(verdict).to_contain_text("You saw Normal.")
    request_id = service.received[0].request_id
    kept = httpx.get(f"{server.url}/api/v1/dicom/feedback/{request_id}").json()
    assert kept["true_class"] == "Normal"


def test_a_diagnosis_can_be_cancelled(
    server: Server, service: FakeService, page: Page, photograph: Path
) -> None:
    service.answer = service.hold
    open_page(page, server)
    choose(page, photograph)
    start_button(page).click()
    expect(page.get_by_text("The images are being diagnosed…").first).to_be_visible()
    request_id = service.begun.get(timeout=60)

    page.get_by_role("button", name="Cancel").click()

    assert service.cancelled.get(timeout=60) == request_id
    expect(start_button(page)).to_be_visible()
    expect(part(page, "Result")).to_have_count(0)


def test_a_refusal_is_shown_and_the_images_stay(
    server: Server, service: FakeService, page: Page, photograph: Path, complaints: list[str]
) -> None:
    def refuse(_: Received) -> v1.Diagnosis:
        message = "The file is no image: a DICOM file or a picture was expected"
        raise RefusalError(grpc.StatusCode.INVALID_ARGUMENT, message, "IMAGE_UNREADABLE")

    service.answer = refuse
    open_page(page, server)
    choose(page, photograph)
    start_button(page).click()
    expect(page.get_by_role("alert")).to_contain_text("a DICOM file or a picture was expected")
    forgive(complaints, "422")

    service.answer = diagnosed
    start_button(page).click()
    expect(part(page, "Result")).to_contain_text("RAO")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_keyboard_is_enough(
    server: Server, service: FakeService, page: Page, photograph: Path
) -> None:
    open_page(page, server)
    button = page.get_by_role("button", name="Choose images…")
    button.focus()
    with page.expect_file_chooser() as chooser:
        # The page answers after it has learned to report its dialog; a key would overtake that.
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
    chooser.value.set_files(str(photograph))
    page.keyboard.press("Tab")
    expect(page.get_by_label("Side of the eye in photograph.png")).to_be_focused()
    for wanted in (
        page.get_by_role("button", name="Remove photograph.png"),
        page.locator("summary", has_text="Options"),
        start_button(page),
    ):
        page.keyboard.press("Tab")
        expect(wanted).to_be_focused()
    page.keyboard.press("Enter")
    expect(part(page, "Result")).to_contain_text("RAO")


@pytest.mark.parametrize(
    ("width", "locale"), [(1440, "en-GB"), (390, "fr-FR")], ids=["desktop", "phone in French"]
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    server: Server,
    service: FakeService,
    browser: Browser,
    complaints: list[str],
    photograph: Path,
    width: int,
    locale: str,
) -> None:
    with shown(
        browser, complaints, viewport={"width": width, "height": 844}, locale=locale
    ) as page:
        open_page(page, server)
        choose(page, photograph)
        found = [violations(page, scheme) for scheme in SCHEMES]
        for answer in (with_map, abstained):
            service.answer = answer
            num_answered = len(service.received)
            start_button(page).click()
            title = "Result" if locale == "en-GB" else "Résultat"
            expected = {with_map: "RAO", abstained: "not gradable"}[answer]
            expect(part(page, title)).to_contain_text(expected)
            assert len(service.received) == num_answered + 1
            page.locator("details").evaluate_all("all => all.forEach((it) => { it.open = true; })")
            found += [violations(page, scheme) for scheme in SCHEMES]
            overflow = "document.documentElement.scrollWidth - innerWidth"
            assert page.evaluate(overflow) <= 0
    assert found == [[]] * 6
