import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
import torch

from training.evaluation.calibration import measure_calibration
from training.evaluation.intervals import bootstrap_intervals
from training.evaluation.metrics import Predictions, evaluate_predictions
from training.evaluation.report import ReportInputs, clinical_report, percent, report_document
from training.evaluation.report import number as three_decimals
from training.taxonomies.taxonomy import CriticalCondition, Modality, Taxonomy, caasi_v6_1

HOSTILE = "<script>alert('x')</script>\"&_{{ 7 * 7 }}"
VOID_TAGS = {"meta", "br", "wbr", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """The text and the tags of a page; fails on a tag that is closed wrongly."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self._open = "", [], list[str]()
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID_TAGS:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.text = f"{self.text} {data.strip()}".replace("_ ", "_")


def five_classes(*conditions: tuple[str, tuple[int, ...], float]) -> Taxonomy:
    return Taxonomy(
        name="five",
        classes=("Normal", "Grave", "Worse", "Rare", "OCT_Absent"),
        modalities=(Modality.FUNDUS,) * 4 + (Modality.OCT,),
        critical_conditions=tuple(
            CriticalCondition(name=name, class_indices=indices, min_sensitivity=floor)
            for name, indices, floor in conditions
        ),
    )


def inputs_of(confusion: list[list[int]], taxonomy: Taxonomy, **changes: Any) -> ReportInputs:
    cells = [
        (truth, predicted)
        for truth, row in enumerate(confusion)
        for predicted, count in enumerate(row)
        for _ in range(count)
    ]
    targets, predicted = torch.tensor(cells).T
    generator = torch.Generator().manual_seed(0)
    sharpness = 1 + 3 * torch.rand(len(targets), 1, generator=generator)
    logits = sharpness * torch.eye(len(taxonomy.classes))[predicted]
    predictions = Predictions(logits=logits, targets=targets)
    inputs = ReportInputs(
        run={"name": "merry-owl-12", "id": "abc", "data": "sha256:12", "date": "2026-01-12"},
        evaluation=evaluate_predictions(predictions, taxonomy),
        intervals=bootstrap_intervals(predictions, taxonomy, num_resamples=50, seed=0),
        calibration=measure_calibration(logits, targets, temperature=0.7),
        taxonomy=taxonomy,
        modality=None,
        tta=False,
    )
    return ReportInputs(**(inputs | changes))


CONFUSION = [
    [50, 0, 2, 0, 0],
    [0, 13, 0, 0, 0],
    [3, 0, 400, 0, 0],
    [2, 0, 0, 1, 0],
    [0, 0, 0, 0, 0],
]
ALL_VERDICTS = five_classes(
    ("Perfect_But_Few", (1,), 0.99),
    ("Shown", (1, 2), 0.95),
    ("Missed", (3,), 0.9),
    ("Gone", (4,), 0.97),
)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(clinical_report(**inputs_of(CONFUSION, ALL_VERDICTS)))


def test_each_condition_gets_its_verdict() -> None:
    conditions = report_document(**inputs_of(CONFUSION, ALL_VERDICTS))["critical_conditions"]
    assert {item["name"]: item["verdict"] for item in conditions} == {
        "Perfect_But_Few": "too_few_positives",
        "Shown": "meets_floor",
        "Missed": "below_floor",
        "Gone": "not_assessed",
    }


@pytest.mark.parametrize(
    "words",
    [
        "1 of 4 critical conditions is shown to meet its floor: 1 below, 1 with too few",
        "Not enough positives to tell 0 of 13 positives missed.",
        "below the floor. Showing it takes at least 381 positives without a miss.",
        "Meets the floor The whole 95% interval lies at or above the floor.",
        "Below the floor 2 of 3 positives missed. The whole 95% interval lies below the floor.",
        "Not assessed No positives in the test set. Showing it takes at least 125 positives",
    ],
)
def test_the_page_states_each_verdict_in_words(page: Page, words: str) -> None:
    assert words in re.sub(r"\s+", " ", page.text)


def test_a_miss_above_the_floor_says_how_many_positives_its_rate_needs() -> None:
    confusion = [[50, 0, 0, 0, 0], [1, 59, 0, 0, 0]] + [[0] * 5] * 3
    taxonomy = five_classes(("Grave", (1,), 0.97))
    (condition,) = report_document(**inputs_of(confusion, taxonomy))["critical_conditions"]
    assert condition["explanation"].startswith("1 of 60 positives missed.")
    assert "at this rate of misses takes about 629 positives" in condition["explanation"]


def test_below_the_floor_says_when_chance_is_not_ruled_out() -> None:
    confusion = [[50, 0, 0, 0, 0], [2, 98, 0, 0, 0]] + [[0] * 5] * 3
    taxonomy = five_classes(("Grave", (1,), 0.99))
    (condition,) = report_document(**inputs_of(confusion, taxonomy))["critical_conditions"]
    assert condition["verdict"] == "below_floor"
    assert "chance is not ruled out" in condition["explanation"]


def test_a_floor_of_one_can_never_be_shown() -> None:
    taxonomy = five_classes(("Grave", (1,), 1.0))
    (condition,) = report_document(**inputs_of(CONFUSION, taxonomy))["critical_conditions"]
    assert condition["positives_needed"] is None
    assert "No number of positives" in condition["explanation"]


def test_without_critical_conditions_the_page_says_that_no_floor_was_checked() -> None:
    text = Page(clinical_report(**inputs_of(CONFUSION, five_classes()))).text
    assert "No floor was checked" in text


def test_the_document_is_strict_json_and_the_page_is_rendered_from_it(page: Page) -> None:
    document = json.loads(
        json.dumps(report_document(**inputs_of(CONFUSION, ALL_VERDICTS)), allow_nan=False)
    )
    assert document["num_images"] == 471
    grave = document["classes"][1]
    assert grave["sensitivity"]["successes"] == grave["support"] == 13
    low, high = grave["sensitivity"]["interval"]
    assert f"100.0% 13/13 {percent(low)} to {percent(high)}" in re.sub(r"\s+", " ", page.text)
    accuracy = document["metrics"]["accuracy"]["value"]
    assert accuracy == 464 / 471
    assert three_decimals(accuracy) in page.text
    absent = document["classes"][4]
    assert absent["sensitivity"]["value"] is absent["auc_roc"]["value"] is None
    assert document["confusion_matrix"]["counts"] == CONFUSION


def test_names_are_escaped() -> None:
    taxonomy = Taxonomy(
        name=HOSTILE,
        classes=(HOSTILE, "b"),
        modalities=(Modality.OTHER,) * 2,
        critical_conditions=(
            CriticalCondition(name=HOSTILE, class_indices=(0,), min_sensitivity=0.9),
        ),
    )
    run = {"name": HOSTILE, HOSTILE: HOSTILE}
    html = clinical_report(**inputs_of([[3, 1], [0, 4]], taxonomy, run=run))
    assert "<script" not in html
    assert "49" not in re.sub(r"\d+\.\d+%?", "", Page(html).text)
    assert "script" not in {tag for tag, _ in Page(html).tags}
    # Title, heading, one fact with its label, taxonomy, condition, its class, class table, matrix.
    assert html.count("&lt;script&gt;") + html.count("&lt;Script&gt;") >= 9


def test_the_page_loads_nothing_else(page: Page) -> None:
    html = clinical_report(**inputs_of(CONFUSION, ALL_VERDICTS))
    assert not re.search(r"https?:|//|@import|url\(", html)
    for _, attributes in page.tags:
        assert not {"src", "href", "srcset", "action"} & set(attributes)


def test_every_table_has_a_caption_and_every_heading_cell_a_scope(page: Page) -> None:
    names = [tag for tag, _ in page.tags]
    assert names.count("table") == names.count("caption") == 6
    assert all(
        attributes.get("scope") in {"col", "row"} for tag, attributes in page.tags if tag == "th"
    )
    plots = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(plots) == 2
    assert all(plot["role"] == "img" and plot["aria-label"] for plot in plots)


def test_the_methods_describe_the_measurement() -> None:
    plain = Page(clinical_report(**inputs_of(CONFUSION, ALL_VERDICTS))).text
    assert "Test-time augmentation was off" in plain
    assert "of images, which are treated as" in plain
    changed = inputs_of(CONFUSION, ALL_VERDICTS, tta=True, grouped=True, num_resamples=250)
    text = Page(clinical_report(**changed)).text
    assert "Test-time augmentation was on" in text
    assert "250 resamples of patients" in text
    assert "not a medical device" in text


def test_a_report_on_one_modality_leaves_out_the_classes_of_others() -> None:
    inputs = inputs_of(CONFUSION, ALL_VERDICTS, modality=Modality.FUNDUS)
    document = report_document(**inputs)
    assert [item["name"] for item in document["classes"]] == ["Normal", "Grave", "Worse", "Rare"]
    assert document["confusion_matrix"]["columns"] == ["Normal", "Grave", "Worse", "Rare"]
    assert "fundus photographs only" in Page(clinical_report(**inputs)).text


def test_a_prediction_of_another_modality_is_shown() -> None:
    confusion = [row.copy() for row in CONFUSION]
    confusion[0][4] = 6
    inputs = inputs_of(confusion, ALL_VERDICTS, modality=Modality.FUNDUS)
    matrix = report_document(**inputs)["confusion_matrix"]
    assert "OCT_Absent" in matrix["columns"]
    assert "OCT_Absent" not in matrix["rows"]
    assert sum(map(sum, matrix["counts"])) == 477


def test_a_metric_without_an_interval_is_shown_without_one() -> None:
    text = Page(clinical_report(**inputs_of(CONFUSION, ALL_VERDICTS, intervals={}))).text
    assert three_decimals(464 / 471) in text


def test_an_interval_of_zero_width_is_not_shown_as_certainty() -> None:
    intervals = {"auc_roc/Grave": (1.0, 1.0), "accuracy": (0.97, 0.99)}
    text = Page(clinical_report(**inputs_of(CONFUSION, ALL_VERDICTS, intervals=intervals))).text
    assert "1.000 no resample differed" in re.sub(r"\s+", " ", text)
    assert "0.970 to 0.990" in text


def test_a_page_with_all_28_classes_is_rendered() -> None:
    counts = [[9 if row == column else 1 for column in range(28)] for row in range(28)]
    html = clinical_report(**inputs_of(counts, caasi_v6_1()))
    assert html.count('class="right"') == 28
    assert 'class="confusion many"' in html
    Page(html)


@pytest.mark.parametrize(
    ("share", "floor", "text"),
    [
        (0.5, 1.0, "50.0%"),
        (1.0, 1.0, "100.0%"),
        (0.9996, 1.0, "99.96%"),
        (0.98999, 0.99, "98.999%"),
        (0.99, 0.99, "99.0%"),
        (0.57, 0.57, "57.0%"),
        (1 - 1e-12, 1.0, "99.9999999999%"),
    ],
)
def test_rounding_never_moves_a_share_across_its_floor(
    share: float, floor: float, text: str
) -> None:
    assert percent(share, floor) == text
