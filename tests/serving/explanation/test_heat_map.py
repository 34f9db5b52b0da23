import io

import numpy as np
from PIL import Image

from serving.engine.protocol import RawHeatMap
from serving.explanation.area import seen_area
from serving.explanation.heat_map import draw_heat_map

IMAGE = np.full((300, 600, 3), 90, np.uint8)


def raw_map(**changes: object) -> RawHeatMap:
    values = np.zeros((14, 14), np.float32)
    values[3, 10] = 2.0
    seen = seen_area(300, 600, framing="crop", decode_size=256, image_size=224)
    return RawHeatMap(**{"values": values, "method": "Grad-CAM", "seen": seen, **changes})  # type: ignore[arg-type]


def test_map_overlay_and_image_shown_have_one_size() -> None:
    drawn = draw_heat_map(raw_map(), IMAGE, "DR")
    sizes = [
        Image.open(io.BytesIO(content)).size
        for content in (
            drawn.message.map_png,
            drawn.message.overlay_png,
            drawn.message.image_png,
        )
    ]
    assert sizes == [(600, 300)] * 3
    assert drawn.overlay is not None
    assert drawn.overlay.shape == IMAGE.shape
    assert (drawn.message.class_name, drawn.message.method) == ("DR", "Grad-CAM")
    assert drawn.message.absent_reason == ""


def test_the_peak_lies_where_the_cropped_input_lay_in_the_image() -> None:
    (peak,) = draw_heat_map(raw_map(), IMAGE, "DR").message.peaks
    # The input is the central square of 262 pixels of the image.
    assert abs(peak.x + peak.width / 2 - (300 - 131 + 262 * 10.5 / 14) / 600) < 0.01
    assert abs(peak.y + peak.height / 2 - (150 - 131 + 262 * 3.5 / 14) / 300) < 0.01
    assert 0.5 <= peak.strength <= 1


def test_what_the_network_did_not_see_stays_as_it_is() -> None:
    drawn = draw_heat_map(raw_map(values=np.full((14, 14), 1.0) + np.eye(14)), IMAGE, "DR")
    assert drawn.overlay is not None
    assert (drawn.overlay[:, :160] == IMAGE[:, :160]).all()
    assert (drawn.overlay[:, 440:] == IMAGE[:, 440:]).all()
    assert (drawn.overlay[150, 300] != IMAGE[150, 300]).any()


def test_a_flat_map_has_a_reason_and_no_pictures() -> None:
    drawn = draw_heat_map(raw_map(values=np.zeros((14, 14), np.float32)), IMAGE, "DR")
    assert drawn.message.absent_reason.startswith("no map: flat")
    assert not drawn.message.map_png
    assert not drawn.message.overlay_png
    assert not drawn.message.peaks
    assert drawn.overlay is None


def test_a_network_without_a_map_says_why() -> None:
    absent = raw_map(values=np.zeros((0, 0), np.float32), absent_reason="no map: no features")
    assert draw_heat_map(absent, IMAGE, "DR").message.absent_reason == "no map: no features"
