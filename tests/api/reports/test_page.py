"""The page of a report: what it says, and that it loads nothing, whatever the names are."""
# ruff: noqa: RUF001, PT018 - the texts have typographic characters; facts of one kind are asserted together

import re
from dataclasses import replace

import pytest

from api.pages import Listed
from api.reports.evaluation_documents import of_holdout
from api.reports.facts import LoggedFacts, RunFacts
from api.reports.page import POLICY, render_report
from api.reports.schemas import Language
from api.reports.words import texts_in
from tests.api.reports.made_facts import HOSTILE, alert, full_run, plain_run, report_facts
from tests.api.reports.parsed_page import parsed, text_of
from tracking_plugin.events import LoggedPoint
from tracking_plugin.names import RunStatus

RUNS = [full_run(), full_run("b" * 32, HOSTILE, HOSTILE), plain_run("c" * 32)]
SETS = [RUNS[:1], RUNS[1:2], RUNS[2:], RUNS]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("runs", SETS, ids=["full", "hostile", "bare", "compared"])
def test_the_page_is_whole_and_loads_nothing(runs: list[RunFacts], language: Language) -> None:
    html = render_report(report_facts(*runs), language)

    assert parsed(html).problems == []
    assert f'content="{POLICY.replace(chr(39), "&#39;")}"' in html
    assert "\x00" not in html and "\u202e" not in html
    assert "<html lang=" in html and "@media print" in html


def test_hostile_names_are_shown_as_text() -> None:
    text = text_of(render_report(report_facts(RUNS[1]), Language.EN))

    assert "<script>alert(1)</script>" in text
    assert "{{ 7*7 }}{% raw %}" in text
    assert "49" not in text.split("{{ 7*7 }}")[0][-20:]


def test_what_is_known_is_stated_with_its_intervals() -> None:
    text = text_of(render_report(report_facts(RUNS[0]), Language.EN))

    assert "accuracy 0.91 0.86 to 0.95" in text
    assert "auc 0.9 0.8 to 0.95" in text
    assert "auc_low" not in text
    assert "critical/RAO 0.923 0.6669 to 0.9863" in text
    assert "c0ffee" in text and "d1ge57" in text and "torch==2.9" in text
    assert "Dr Who , 2025-06-15 15:06:45 UTC" in text
    assert "not acknowledged" in text
    assert "Triage plain" in text
    assert "192.0.2.7" not in text


def test_what_nobody_recorded_is_said_to_be_unknown() -> None:
    text = text_of(render_report(report_facts(RUNS[2]), Language.EN))

    for sentence in (
        "fitness for any use is unknown",
        "performance on unseen data is unknown",
        "the exact version of the program is unknown",
        "which data the model was trained on cannot be proven",
        "the software environment is unknown",
        "set the run’s tag fovea.card.intended_use",
        "No alert was raised for this run.",
        "No metric was logged.",
    ):
        assert sentence in text


def test_a_full_run_has_no_limit_that_its_records_refute() -> None:
    text = text_of(render_report(report_facts(RUNS[0]), Language.EN))

    assert "fitness for any use is unknown" not in text
    assert "performance on unseen data is unknown" not in text
    assert "the exact version of the program is unknown" not in text
    assert "RAO (Evaluation plain): Too few positives to tell." in text
    assert "No case of the class Normal was evaluated" in text
    assert "Alerts that are open, or that nobody has acknowledged: 1 (RAO)." in text


def test_an_unfinished_run_says_so() -> None:
    run = replace(RUNS[0], status=RunStatus.TRAINING)

    assert "The run is “training”, not completed" in text_of(
        render_report(report_facts(run), Language.EN)
    )


def test_alerts_that_are_not_shown_are_counted() -> None:
    run = replace(plain_run(), alerts=Listed([alert()], 207))

    assert "Not shown: 206 more." in text_of(render_report(report_facts(run), Language.EN))


def test_a_comparison_puts_differing_params_side_by_side_and_doubts_other_data() -> None:
    first, second = full_run("a" * 32, "one"), full_run("b" * 32, "two")
    second = replace(second, mlflow=replace(second.mlflow, params={"lr": "0.2", "plain": "plain"}))

    text = text_of(render_report(report_facts(first, second, plain_run("c" * 32)), Language.EN))

    assert "lr 0.1 0.2 –" in text
    assert "1 one" in text and "2 two" in text and "3 bare" in text
    assert "were not shown to use the same training data" in text
    same = text_of(render_report(report_facts(first, second), Language.EN))
    assert "were not shown to use the same training data" not in same


def test_both_languages_have_the_same_texts_with_the_same_values() -> None:
    english, french = texts_in(Language.EN), texts_in(Language.FR)

    assert english.keys() == french.keys()
    for name, text in english.items():
        assert _values(text) == _values(french[name]), name


def _values(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_a_logged_calibration_error_is_a_measured_calibration() -> None:
    bare, measured = plain_run("a" * 32), plain_run("b" * 32)
    point = LoggedPoint("evidence/expected_calibration_error", 0.1, 1, 1)
    measured.state.latest[point.name] = point

    assert "No calibration was measured" in text_of(render_report(report_facts(bare), Language.EN))
    assert "No calibration was" not in text_of(render_report(report_facts(measured), Language.EN))


def test_a_large_matrix_has_numbers_in_place_of_the_names_of_columns() -> None:
    names = [f"class {letter}" for letter in "abcdefgh"]
    confusion = {"classes": names, "counts": [[1] * 8 for _ in names]}
    holdout = of_holdout({"confusion": confusion}, others="others")
    run = replace(plain_run(), logged=LoggedFacts(evaluations=(holdout,)))

    html = render_report(report_facts(run), Language.EN)

    assert parsed(html).problems == []
    assert '<abbr title="class h">8</abbr>' in html
    assert "8 class h" in text_of(html)
