"""`fovea serve --with-serving` with the real service and a tiny registered model: REST, feedback and page."""

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import skimage.data
from playwright.sync_api import Page, expect

from tests.ports import LOOPBACK, free_port
from tests.servers import Server, fovea_server
from tests.serving.diagnosis.drawn_images import fundus
from tests.serving.engine.registered import Store, tiny_backbone, tiny_network
from tests.serving.server.eye_files import png
from tests.ui_extensions.test_diagnose import choose, open_page, part, start_button
from tests.waiting import until

PATIENT = "Okonkwo_Adaeze"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("with-serving")
    environment = {
        "FOVEA_GRPC_ADDRESS": f"{LOOPBACK}:{free_port()}",
        "FOVEA_SERVING_TOKEN": "secret",
        "FOVEA_SERVING_DEVICE": "cpu",
        "FOVEA_SERVING_DECODE_WORKERS": "1",
        "FOVEA_SERVING_POLL_S": "0.2",
        "FOVEA_SERVING_SPOOL_DIR": str(folder / "spool"),
        "OMP_NUM_THREADS": "1",
    }
    with fovea_server(folder / "data", "--with-serving", environment=environment) as running:
        backbone = tiny_backbone()
        store = Store(folder / "registry", running.url)
        store.point(store.register(tiny_network(backbone), backbone))
        until(lambda: health(running)["status"] == "healthy", "the service", deadline_s=180)
        yield running
    assert PATIENT not in running.log.read_text()


def health(server: Server) -> dict[str, object]:
    answer: dict[str, object] = httpx.get(f"{server.url}/api/v1/ai-grpc/health").json()
    return answer


def test_the_service_s_answer_arrives_over_rest_and_is_judged(server: Server) -> None:
    photograph = Path(skimage.data.__file__).with_name("retina.jpg").read_bytes()
    for name, content in {f"{PATIENT}_OD.png": png(fundus()), "retina.jpg": photograph}.items():
        answer = httpx.post(
            f"{server.url}/api/v1/dicom/diagnose",
            files={"file": (name, content)},
            data={"include_gradcam": "true", "confidence_threshold": "0"},
            timeout=120,
        )
        assert answer.status_code == 200, answer.text
        assert PATIENT not in answer.text
        data = answer.json()["data"]
        assert data["model"]["version"] == "1"
        assert data["quality"]["method"] == "classical_measures"
        assert data["modality"]["modality"] == "fundus"
        assert sum(data["classification"]["probabilities"].values()) == pytest.approx(1)
        assert data["limitations"] != []
        heat_map = data["images"][0]["heat_map"]
        assert heat_map is not None
        if not heat_map["absent_reason"]:
            for picture in ("map_png", "overlay_png", "image_png"):
                assert base64.b64decode(heat_map[picture]).startswith(b"\x89PNG")

        classes = list(data["classification"]["probabilities"])
        other = next(it for it in classes if it != data["classification"]["primary_diagnosis"])
        judged = httpx.post(
            f"{server.url}/api/v1/dicom/feedback/{data['request_id']}",
            json={"verdict": "overrule", "class_name": other},
        )
        assert judged.status_code == 200, judged.text


def test_an_upload_is_checked_by_the_service(server: Server) -> None:
    files = [("files", ("a_OS.png", png(fundus()))), ("files", ("b.dcm", b"no image"))]
    answer = httpx.post(f"{server.url}/api/v1/dicom/upload", files=files, timeout=120)

    assert answer.status_code == 200, answer.text
    good, bad = answer.json()["data"]["images"]
    assert (good["laterality"], good["laterality_source"]) == ("left", "file_name")
    assert good["quality"]["gradable"] in (True, False)
    assert bad["error"]["reason"] == "IMAGE_UNSUPPORTED"


def test_a_file_that_is_no_image_is_refused_with_a_sentence(server: Server) -> None:
    answer = httpx.post(
        f"{server.url}/api/v1/ai-grpc/diagnose", files={"file": (f"{PATIENT}.dcm", b"no image")}
    )

    assert answer.status_code == 422, answer.text
    assert PATIENT not in answer.text


def test_masks_without_a_segmentation_model_are_refused(server: Server) -> None:
    answer = httpx.post(
        f"{server.url}/api/v1/dicom/diagnose",
        files={"file": ("a.png", png(fundus()))},
        data={"include_segmentation": "true"},
        timeout=120,
    )

    assert answer.status_code == 409, answer.text


def test_the_page_shows_the_answer_of_the_service(
    server: Server, page: Page, tmp_path: Path
) -> None:
    photograph = tmp_path / "photograph_OD.png"
    photograph.write_bytes(png(fundus()))
    open_page(page, server)
    choose(page, photograph)
    start_button(page).click()

    expect(part(page, "Limits")).to_contain_text("fovea-retinal, version 1")
    expect(part(page, "Images")).to_contain_text("Right eye (from the file name)")
    expect(part(page, "Checks of the image")).to_contain_text("fundus photograph")
    expect(part(page, "Probabilities").get_by_role("listitem").first).to_contain_text("%")
