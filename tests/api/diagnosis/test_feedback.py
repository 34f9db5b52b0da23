"""What a clinician may say to a diagnosis."""

import pytest

from api.diagnosis.feedback import true_class
from api.diagnosis.records import Verdict
from api.diagnosis.schemas import FeedbackRequest
from api.errors import ConflictError, UnprocessableError

CLASSES = ["Normal", "RAO", "RVO"]
AGREE = FeedbackRequest(verdict=Verdict.AGREE)


def overrule(name: str | None) -> FeedbackRequest:
    return FeedbackRequest(verdict=Verdict.OVERRULE, class_name=name)


def test_to_agree_is_to_take_the_predicted_class_for_true() -> None:
    assert true_class("RAO", AGREE, CLASSES) == "RAO"


def test_to_overrule_is_to_name_another_class() -> None:
    assert true_class("RAO", overrule("RVO"), CLASSES) == "RVO"
    assert true_class("", overrule("RVO"), CLASSES) == "RVO"


def test_nobody_agrees_with_an_abstention() -> None:
    with pytest.raises(ConflictError, match="abstained"):
        true_class("", AGREE, CLASSES)


@pytest.mark.parametrize("name", [None, "Okonkwo", "RAO"])
def test_a_class_that_does_not_fit_is_refused_without_repeating_it(name: str | None) -> None:
    with pytest.raises(UnprocessableError) as refused:
        true_class("RAO", overrule(name), CLASSES)
    assert "Okonkwo" not in str(refused.value)
