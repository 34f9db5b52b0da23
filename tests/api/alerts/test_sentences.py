"""The codes and English sentences of alerts."""

import math
from dataclasses import replace

import pytest

from api.alerts.builtin import (
    BUILTIN_NAMES,
    HEALTH,
    SILENCE,
    SILENCE_RECOMMENDATION,
    clinical_rules,
)
from api.alerts.records import SILENCE_METRIC, Alert
from api.alerts.rules import RuleAction
from api.alerts.samples import Level
from api.alerts.schemas import alert_response
from api.alerts.sentences import (
    MessageCode,
    RecommendationCode,
    alert_message,
    message_code,
    recommendation_code,
)
from api.alerts.state_machine import AlertState
from tracking_plugin.critical_conditions import MIN_SENSITIVITY

ALERT = Alert(
    alert_id="a",
    run_id="r",
    workspace=None,
    rule="RAO",
    metric="critical/RAO",
    began_step=100,
    state=AlertState.FIRING,
    level=Level.CRITICAL,
    step=100,
    value=0.8,
    threshold=0.99,
    support=None,
    interval=None,
    is_insufficient=False,
    epoch=None,
    batch=None,
    recommendation="",
    action=RuleAction.NONE,
    began_ms=0,
    changed_ms=0,
)
SILENT = replace(ALERT, rule=SILENCE, metric=SILENCE_METRIC, value=75.0, threshold=60.0)


@pytest.mark.parametrize(
    ("alert", "code", "message"),
    [
        (ALERT, MessageCode.BELOW, "critical/RAO is 0.8 at step 100, below 0.99"),
        (
            replace(ALERT, value=math.inf),
            MessageCode.ABOVE,
            "critical/RAO is inf at step 100, above 0.99",
        ),
        (
            replace(ALERT, value=0.99),
            MessageCode.STILL_AT,
            "critical/RAO is 0.99 at step 100, still at 0.99",
        ),
        (replace(ALERT, value=math.nan), MessageCode.MEASURED, "critical/RAO is nan at step 100"),
        (replace(ALERT, threshold=None), MessageCode.MEASURED, "critical/RAO is 0.8 at step 100"),
        (
            replace(ALERT, state=AlertState.RESOLVED, support=15, interval=(0.1, 0.2)),
            MessageCode.NO_LONGER,
            "critical/RAO is 0.8 at step 100: no longer an alert (15 cases, 95% interval 0.100 to 0.200)",
        ),
        (
            SILENT,
            MessageCode.SILENT,
            "the run has shown no sign of life for 75 s, since step 100",
        ),
        (
            replace(SILENT, state=AlertState.RESOLVED),
            MessageCode.NO_LONGER_SILENT,
            "the run shows signs of life again, or has ended",
        ),
    ],
)
def test_a_message_has_a_code_and_english_words(
    alert: Alert, code: MessageCode, message: str
) -> None:
    assert message_code(alert) is code
    assert alert_message(alert) == message
    assert (alert_response(alert).message_code, alert_response(alert).message) == (code, message)


def test_every_builtin_rule_has_the_code_of_its_recommendation() -> None:
    rules = {rule.name: rule.recommendation for rule in (*HEALTH, *clinical_rules())}
    rules[SILENCE] = SILENCE_RECOMMENDATION
    codes = {
        name: recommendation_code(replace(ALERT, rule=name, recommendation=recommendation))
        for name, recommendation in rules.items()
    }

    assert codes.keys() == BUILTIN_NAMES
    assert set(codes.values()) == set(RecommendationCode)
    for condition in MIN_SENSITIVITY:
        assert codes[condition] is RecommendationCode.MISSED_CONDITION


@pytest.mark.parametrize("rule", ["mine", "loss_spike", "RAO"])
def test_the_recommendation_of_a_rules_file_has_only_its_own_words(rule: str) -> None:
    alert = replace(ALERT, rule=rule, recommendation="Ask the physicist on duty")

    assert recommendation_code(alert) is None
    assert alert_response(alert).recommendation == "Ask the physicist on duty"
    assert alert_response(replace(ALERT, rule=rule)).recommendation is None
