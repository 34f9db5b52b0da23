import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.diagnosis.probabilities import condition_results
from serving.diagnosis.risk import (
    NO_RULE,
    RiskLevel,
    RiskVerdict,
    assess_risk,
    relative_to_threshold,
)
from serving.images.image import Modality
from tests.serving.diagnosis.requests import (
    CLASSES,
    DRUSEN,
    EVIDENCE,
    MILD,
    NORMAL,
    PROLIFERATIVE,
    RAO,
    RAO_NOT_SHOWN,
    RULES,
    certain,
)
from training.evidence.schema import ModelEvidence


def risk(probabilities: list[float], evidence: ModelEvidence = EVIDENCE) -> RiskVerdict:
    shares = np.array(probabilities)
    return assess_risk(
        shares,
        CLASSES,
        condition_results(shares, evidence),
        rules=RULES,
        jurisdiction="",
        modality=Modality.FUNDUS,
    )


@pytest.mark.parametrize(
    ("primary", "level", "category"),
    [
        (NORMAL, RiskLevel.LOW, "no sign of disease"),
        (MILD, RiskLevel.LOW, "mild non-proliferative diabetic retinopathy"),
        (PROLIFERATIVE, RiskLevel.HIGH, "proliferative diabetic retinopathy"),
        (RAO, RiskLevel.CRITICAL, "retinal artery occlusion"),
        (DRUSEN, RiskLevel.UNKNOWN, "drusen or dry age-related macular degeneration"),
    ],
)
def test_the_level_is_that_of_the_rule_of_the_condition(
    primary: int, level: RiskLevel, category: str
) -> None:
    verdict = risk(certain(primary))
    assert verdict.level is level
    assert verdict.category == category


def test_a_condition_without_a_rule_says_so() -> None:
    assert risk(certain(DRUSEN)).urgency == NO_RULE


def test_a_critical_condition_above_its_threshold_decides_over_a_more_probable_class() -> None:
    verdict = risk([0.7, 0, 0, 0.25, 0.05])
    assert verdict.level is RiskLevel.CRITICAL
    assert [item.row.id for item in verdict.positives] == ["retinal_artery_occlusion"]
    verdict = risk([0.2, 0, 0.55, 0.25, 0])
    assert [item.row.id for item in verdict.positives] == [
        "retinal_artery_occlusion",
        "proliferative_diabetic_retinopathy",
    ]


def test_a_risk_is_not_low_where_a_critical_condition_was_not_ruled_out() -> None:
    verdict = risk(certain(NORMAL), ModelEvidence(conditions=(RAO_NOT_SHOWN,)))
    assert verdict.level is RiskLevel.UNKNOWN
    assert verdict.urgency == NO_RULE
    assert "RAO" in verdict.note


def test_a_risk_is_not_low_where_diseases_together_are_more_probable_than_none() -> None:
    verdict = risk([0.4, 0.3, 0.15, 0, 0.15])
    assert verdict.level is RiskLevel.UNKNOWN
    assert "more probable" in verdict.note


def test_without_critical_conditions_a_found_disease_has_its_level_but_none_is_low() -> None:
    assert risk(certain(RAO), ModelEvidence()).level is RiskLevel.CRITICAL
    verdict = risk(certain(NORMAL), ModelEvidence())
    assert (verdict.level, verdict.urgency) == (RiskLevel.UNKNOWN, NO_RULE)
    assert "no sensitivity was shown" in verdict.note


@given(probability=st.floats(0, 1), threshold=st.floats(0, 1), more=st.floats(0, 1))
def test_the_score_grows_with_the_probability_and_is_half_at_the_threshold(
    probability: float, threshold: float, more: float
) -> None:
    score = relative_to_threshold(probability, threshold)
    assert 0 <= score <= 1
    assert (score >= 0.5) == (probability >= threshold)
    higher = min(1.0, probability + more)
    assert relative_to_threshold(higher, threshold) >= score - 1e-12


@given(st.lists(st.floats(0.001, 1), min_size=5, max_size=5))
def test_a_positive_critical_condition_is_never_less_than_critical(weights: list[float]) -> None:
    shares = (np.array(weights) / sum(weights)).tolist()
    verdict = risk(shares)
    assert 0 <= verdict.score <= 1
    assert verdict.positives
    if shares[RAO] >= 0.2:
        assert verdict.level is RiskLevel.CRITICAL
        assert verdict.score >= 0.5
    if verdict.level is RiskLevel.LOW:
        assert shares[RAO] < 0.2


def test_an_unknown_class_name_is_shown_as_it_is() -> None:
    verdict = assess_risk(
        np.array([0.1, 0.9]),
        ("rose", "tulip_red"),
        (),
        rules=RULES,
        jurisdiction="",
        modality=Modality.FUNDUS,
    )
    assert (verdict.level, verdict.category) == (RiskLevel.UNKNOWN, "tulip red")
