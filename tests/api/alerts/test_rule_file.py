"""Rule files are read, and their errors are reported with line and field."""

from pathlib import Path

import pytest

from api.alerts.builtin import BUILTIN_NAMES
from api.alerts.conditions import Bound
from api.alerts.rule_file import MAX_FILE_BYTES, RuleFileError, parse_rules, read_rules
from api.alerts.rules import RuleAction
from api.alerts.state_machine import Patience

WHOLE = """\
rules:
  - name: RAO
    metric: critical/RAO
    support: critical_support/RAO
    below: 0.99
    critical_factor: 0.8
    for: 3
    clear_for: 4
    action: pause
    recommendation: "Look at the images of class 8"
  - name: hot
    metric: system/gpu_*_temperature_celsius
    above: 90
without: [loss_plateau]
"""


def test_all_fields_of_a_file_are_read() -> None:
    file = parse_rules(WHOLE, "rules.yaml", BUILTIN_NAMES)
    rao, hot = file.rules
    assert (rao.name, rao.metric.text, rao.action) == ("RAO", "critical/RAO", RuleAction.PAUSE)
    assert rao.condition == Bound(below=0.99, critical_factor=0.8, has_support=True)
    assert rao.patience == Patience(to_fire=3, to_clear=4)
    assert rao.recommendation == "Look at the images of class 8"
    assert rao.support_of("critical/RAO") == "critical_support/RAO"
    assert hot.condition == Bound(above=90.0)
    assert hot.support_of("system/gpu_0_temperature_celsius") is None
    assert file.without == {"loss_plateau"}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "rules: []\n"])
def test_a_file_without_rules_is_valid(text: str) -> None:
    assert not parse_rules(text, "rules.yaml").rules


def rule(**fields: object) -> str:
    """A file of one rule: its name in line 2, then one field per line, without those that are None."""
    fields = {"metric": "val/loss", "above": 2, **fields}
    lines = [f"    {name}: {value}" for name, value in fields.items() if value is not None]
    return "\n".join(["rules:", "  - name: one", *lines, ""])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (rule(metric=None), ":2: metric: is missing"),
        (rule(metric='""'), ":3: metric: String should have at least 1 character"),
        (rule(metric="val//loss"), ":3: metric: an MLflow metric such as val/loss was expected"),
        (rule(above=None), ":2: below or above is required"),
        (rule(below=1), ":2: below and above cannot be combined"),
        (rule(above="high"), ":4: above: Input should be a valid number"),
        (rule(above="yes"), ":4: above: Input should be a valid number"),
        (rule(above=".nan"), ":4: above: Input should be a finite number"),
        (
            rule(metric="critical/RAO", above=None, below=99),
            ":2: critical/RAO lies between 0 and 1",
        ),
        (rule(metric="critical/RAO", above=None, below=99), "0.99 is 99%"),
        (rule(metric="val/kappa", above=-2), ":2: val/kappa lies between -1 and 1"),
        (rule(**{"for": 0}), ":5: for: Input should be greater than or equal to 1"),
        (rule(**{"for": "often"}), ":5: for: Input should be a valid integer"),
        (rule(critical_factor=0), ":5: critical_factor: Input should be greater than 0"),
        (rule(action="shout"), ":5: action: Input should be 'none', 'pause' or 'stop'"),
        (rule(bellow=1), ":5: bellow: unknown field; the fields are name, metric"),
        (rule(support="n/*"), ":2: support has more * than metric"),
        (
            rule(above="!!python/object:os.system {}"),
            ":2: a value in this rule has a type that no field accepts",
        ),
        (
            rule() + "  - name: one\n    metric: a\n    above: 1\n",
            ":5: name: the rule in line 2 is already named one",
        ),
        (rule() + "    above: 3\n", ":5: above: duplicate field"),
        ("rules:\n  name: RAO\n", ":2: a list of rules was expected"),
        ("rules:\n  - RAO\n", ":2: a rule was expected, such as `- name: RAO`"),
        ("- name: RAO\n", ":1: fields with values were expected"),
        ("alerts: []\n", ":1: `rules` or `without` was expected, not 'alerts'"),
        ("rules: [\n", ":2: this is no YAML"),
        ("rules:\n\t- a\n", ":2: this is no YAML"),
        ("without: [nobody]\n", ":1: without: one of the built-in rules was expected: CNV"),
        ("without: all\n", ":1: without: a list of built-in rules was expected"),
        ("rules: &a [*a]\n", ":1: a rule was expected"),
        ("? [a]\n: b\n", ":1: a plain word was expected as the name of a field"),
    ],
)
def test_an_error_is_reported_with_line_and_field(text: str, message: str) -> None:
    with pytest.raises(RuleFileError) as raised:
        parse_rules(text, "rules.yaml", BUILTIN_NAMES)
    assert message in str(raised.value)
    assert str(raised.value).startswith("rules.yaml:")


def test_all_errors_are_reported_at_once() -> None:
    text = rule(action="shout", critical_factor=7) + "  - name: two\n    metric: b\n"
    with pytest.raises(RuleFileError) as raised:
        parse_rules(text, "rules.yaml")
    assert [line.split(":")[1] for line in str(raised.value).splitlines()] == ["5", "6", "7"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match=r"nowhere\.yaml: cannot be read \(No such file"):
        read_rules(tmp_path / "nowhere.yaml")
    with pytest.raises(RuleFileError, match="cannot be read"):
        read_rules(tmp_path)
    large = tmp_path / "large.yaml"
    large.write_text("#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(RuleFileError, match="at most 1,048,576 bytes are allowed"):
        read_rules(large)
    (tmp_path / "latin.yaml").write_bytes(b"rules: [\xff]")
    with pytest.raises(RuleFileError, match="cannot be read"):
        read_rules(tmp_path / "latin.yaml")


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(WHOLE)
    assert len(read_rules(tmp_path / "rules.yaml", BUILTIN_NAMES).rules) == 2
