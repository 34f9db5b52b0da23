"""Rule files are read, and their errors are reported with line and field."""

import time
from pathlib import Path

import pytest

from api.alerts.builtin import BUILTIN_NAMES
from api.alerts.conditions import Bound, NotFinite
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


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "rules: []\n", "rules:\n", "\ufeffrules: []"]
)
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
        (rule(metric='""'), ":3: metric: is empty"),
        (rule(metric="val//loss"), ":3: metric: an MLflow metric such as val/loss was expected"),
        (rule(above=None), ":2: below or above is required"),
        (rule(below=1), ":2: below and above cannot be combined: write two rules"),
        (rule(not_finite="true"), ":2: above and not_finite cannot be combined: write two rules"),
        (
            rule(above=None, not_finite="false"),
            ":2: below or above is required, or not_finite: true",
        ),
        (rule(above=None, not_finite="maybe"), ":4: not_finite: true or false was expected"),
        (
            rule(above=None, not_finite="true", critical_factor=0.5),
            ":2: critical_factor belongs to a bound, and not_finite has none",
        ),
        (
            rule(above=None, not_finite="true", support="n"),
            ":2: support belongs to a bound, and not_finite has none",
        ),
        (rule(above="high"), ":4: above: a number such as 0.99 or 1e3 was expected, not 'high'"),
        (rule(above="yes"), ":4: above: a number such as 0.99 or 1e3 was expected, not 'yes'"),
        (rule(above="1:30"), ":4: above: a number such as 0.99 or 1e3 was expected, not '1:30'"),
        (rule(above="0x10"), ":4: above: a number such as 0.99 or 1e3 was expected, not '0x10'"),
        (rule(above=".nan"), "not '.nan': not_finite: true finds NaN and infinity"),
        (rule(above="1e999"), ":4: above: a finite number was expected, not '1e999'"),
        (rule(above="99%"), "not '99%': 99% is 0.99"),
        (rule(above='"0,99"'), "not '0,99': the decimal sign is a point"),
        (rule(above="[1, 2]"), ":4: above: a number such as 0.99 or 1e3 was expected, not a list"),
        (rule(above="9" * 5000), ":4: above: a number such as 0.99 or 1e3 was expected"),
        (
            rule(metric="critical/RAO", above=None, below=99),
            ":2: critical/RAO lies between 0 and 1",
        ),
        (rule(metric="critical/RAO", above=None, below=99), "0.99 is 99%"),
        (rule(metric="val/kappa", above=-2), ":2: val/kappa lies between -1 and 1"),
        (rule(**{"for": 0}), ":5: for: 0 is out of range: at least 1 was expected"),
        (rule(**{"for": 9999}), ":5: for: 9999 is out of range: at most 1000 was expected"),
        (rule(**{"for": "often"}), ":5: for: a whole number such as 3 was expected, not 'often'"),
        (rule(**{"for": 1.5}), ":5: for: a whole number such as 3 was expected, not '1.5'"),
        (
            rule(critical_factor=0),
            ":5: critical_factor: 0 is out of range: more than 0 was expected",
        ),
        (rule(action="shout"), ":5: action: 'none', 'pause' or 'stop' was expected, not 'shout'"),
        (rule(action="off"), ":5: action: 'none', 'pause' or 'stop' was expected, not 'off'"),
        (rule(recommendation="x" * 1001), ":5: recommendation: at most 1000 characters"),
        (rule(bellow=1), ":5: bellow: unknown field; the fields are name, metric"),
        (rule(support="n/*"), ":2: support has more * than metric"),
        (
            rule(above="!!python/object:os.system {}"),
            ":4: above: a number such as 0.99 or 1e3 was expected, not fields",
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
        ("rules: [\n", ":2: this is no YAML: a bracket is not closed"),
        ("rules:\n\t- a\n", ":2: this is no YAML: indent with spaces"),
        (rule(metric="*/loss"), ":3: this is no YAML: a text that begins with * needs quotes"),
        (rule(metric="*loss"), ":3: this is no YAML: a text that begins with * needs quotes"),
        (rule(metric="@a"), ":3: this is no YAML: a text that begins with @ needs quotes"),
        (rule(recommendation="no: way"), ':5: this is no YAML: a text with ": " needs quotes'),
        (
            "rules:\n  - name: a\n   metric: b\n",
            ":3: this is no YAML: the fields of one rule begin",
        ),
        ("rules: 'a\n", "this is no YAML: a quote or a bracket is not closed"),
        ("rules: []\n---\nrules: []\n", ":2: this is no YAML: one document was expected"),
        ("rules: []\0\n", ":1: this is no YAML: it contains a control character"),
        ("[" * 5000, ": lists and fields are nested too deeply"),
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


def test_aliases_that_stand_for_a_billion_texts_are_refused_at_once() -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    text = "\n".join(["a0: &a0 [x]", *levels, "rules:", "  - name: *a9", "    metric: m", ""])
    began_s = time.process_time()
    with pytest.raises(RuleFileError, match=":12: name: a text was expected, not a list"):
        parse_rules(text, "rules.yaml")
    assert time.process_time() - began_s < 1.0


@pytest.mark.parametrize("name", ["off", "NO", "123", "1e3", "2026-01-02", "null", "0x10"])
def test_a_name_is_the_text_as_it_is_written(name: str) -> None:
    [found] = parse_rules(rule(metric=name).replace("name: one", f"name: {name}"), "r").rules
    assert (found.name, found.metric.text) == (name, name)


@pytest.mark.parametrize(
    ("written", "bound"),
    [
        ("1e3", 1000),
        ("1E-3", 0.001),
        ("1_000", 1000),
        ("'2'", 2),
        (".5", 0.5),
        ("5.", 5),
        ("010", 10),
    ],
)
def test_a_bound_is_the_number_that_a_person_reads(written: str, bound: float) -> None:
    [found] = parse_rules(rule(above=written, **{"for": "3.0"}), "r").rules
    assert found.condition == Bound(above=bound)
    assert found.patience == Patience(to_fire=3)


@pytest.mark.parametrize("written", ["true", "yes", "On"])
def test_a_rule_can_ask_for_values_that_are_not_finite(written: str) -> None:
    [found] = parse_rules(rule(above=None, not_finite=written, recommendation=""), "r").rules
    assert found.condition == NotFinite()


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
    with pytest.raises(RuleFileError, match="it is not UTF-8: save it as UTF-8"):
        read_rules(tmp_path / "latin.yaml")


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(WHOLE)
    assert len(read_rules(tmp_path / "rules.yaml", BUILTIN_NAMES).rules) == 2
