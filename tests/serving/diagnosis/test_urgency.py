import re
from pathlib import Path

import pytest

from serving.diagnosis.urgency import INTERNATIONAL, built_in_rules, load_rules, parse_rules
from serving.images.image import Modality
from training.errors import DataError
from training.taxonomies.taxonomy import caasi_v6_1

RULES = built_in_rules()

START = "# Signed by nobody.\nlevels:\n  - {within_days: 1, level: critical}\n"
CONDITIONS = "conditions:\n  - {id: a, label: A, classes: [x]}\n"
RULE = (
    "rules:\n"
    "  - condition: a\n"
    "    jurisdiction: GB\n"
    "    urgency: today\n"
    "    within_days: 1\n"
    "    edition: first\n"
    '    date: "2020-01"\n'
    "    source: a book\n"
)


def refusal(text: str) -> list[str]:
    with pytest.raises(DataError) as refused:
        parse_rules(text.encode(), origin="rules.yaml")
    return str(refused.value).splitlines()


def test_the_first_line_says_that_no_clinician_has_signed() -> None:
    assert RULES.signature == "No clinician has signed these rules."


def test_every_class_of_the_taxonomy_has_a_condition() -> None:
    for name in caasi_v6_1().classes:
        assert name in RULES.condition_of_class(name).classes


def test_every_critical_condition_has_a_rule_of_the_highest_levels() -> None:
    for critical in caasi_v6_1().critical_conditions:
        condition = RULES.condition_of_critical(critical.name)
        assert condition is not None
        rule = RULES.rule_for(condition, jurisdiction="", modality=Modality.FUNDUS)
        assert rule is not None
        assert RULES.level_of(rule) in ("critical", "high")
        for index in critical.class_indices:
            assert RULES.condition_of_class(caasi_v6_1().classes[index]) == condition


def test_every_rule_names_its_source_and_none_is_without_edition() -> None:
    assert RULES.rows.rules
    for rule in RULES.rows.rules:
        assert rule.source
        assert rule.edition
        assert rule.date


@pytest.mark.parametrize(
    "name", ["Fundus_Drusen", "OCT_ERM", "Fundus_Myopia_Degenerative", "Fundus_Cataract_Suspected"]
)
def test_conditions_without_a_citable_rule_have_none(name: str) -> None:
    condition = RULES.condition_of_class(name)
    assert RULES.rule_for(condition, jurisdiction="", modality=None) is None


@pytest.mark.parametrize(
    "name",
    ["Fundus_DME", "OCT_DME", "DME", "dme", "Diabetic Macular Edema", "diabetic-macular_edema"],
)
def test_common_folder_names_are_one_condition(name: str) -> None:
    assert RULES.condition_of_class(name).id == "diabetic_macular_oedema"


@pytest.mark.parametrize("name", ["Severe", "class_3", "3", "flower"])
def test_a_name_that_may_mean_anything_is_a_condition_of_its_own(name: str) -> None:
    condition = RULES.condition_of_class(name)
    assert condition.id == name
    assert not condition.is_normal
    assert RULES.rule_for(condition, jurisdiction="", modality=None) is None


def test_the_rule_is_that_of_the_place_else_of_its_country_else_international() -> None:
    vein = RULES.condition_of_class("Fundus_RVO")
    detachment = RULES.condition_of_class("Fundus_Retinal_Detachment")
    oedema = RULES.condition_of_class("OCT_DME")

    def place(condition: object, jurisdiction: str) -> str | None:
        rule = RULES.rule_for(condition, jurisdiction=jurisdiction, modality=None)  # type: ignore[arg-type]
        return None if rule is None else rule.jurisdiction

    assert place(vein, "AU-SA") == "AU-SA"
    assert place(vein, "au-wa") == "AU-WA"
    assert place(vein, "GB") is None
    assert place(vein, "") == "AU-WA"
    assert place(detachment, "GB-ENG") == "GB"
    assert place(detachment, "US") is None
    assert place(oedema, "FR") == INTERNATIONAL


def test_a_rule_for_one_modality_does_not_hold_for_the_other() -> None:
    normal = RULES.condition_of_class("OCT_Normal")
    assert RULES.rule_for(normal, jurisdiction="", modality=Modality.OCT) is None
    assert RULES.rule_for(normal, jurisdiction="", modality=Modality.FUNDUS) is not None


def test_a_good_file_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(START + CONDITIONS + RULE)
    rules = load_rules(path)
    assert rules.signature == "Signed by nobody."
    (rule,) = rules.rows.rules
    assert rules.level_of(rule) == "critical"


def test_the_example_in_the_documentation_is_a_good_file() -> None:
    text = (Path(__file__).parents[3] / "docs" / "diagnosis.md").read_text()
    (example,) = re.findall(r"```yaml\n(# Signed by .*?)```", text, re.DOTALL)
    rules = parse_rules(example.encode(), origin="docs/diagnosis.md")
    assert rules.signature.startswith("Signed by Dr")
    assert rules.rows.rules


def test_the_documentation_shows_every_built_in_rule() -> None:
    text = (Path(__file__).parents[3] / "docs" / "diagnosis.md").read_text()
    table = text[text.index("## Urgency") : text.index("With `jurisdiction`")]
    for rule in RULES.rows.rules:
        assert rule.jurisdiction in table
        assert rule.date == "unknown" or rule.date[:4] in table


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_rules(tmp_path / "absent.yaml")


@pytest.mark.parametrize("text", [CONDITIONS, "\n" + START, "#\n" + START, ""])
def test_a_file_whose_first_line_does_not_say_who_signed_is_refused(text: str) -> None:
    (line,) = refusal(text)
    assert line.startswith("rules.yaml:1: the first line: expected a comment")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("condition: a", "condition: b"), "rules.yaml:7: rules[0].condition: expected the id"),
        (("GB", "England"), "rules.yaml:8: rules[0].jurisdiction: "),
        (("today", "''"), "rules.yaml:9: rules[0].urgency: "),
        (("    within_days: 1", "    within_days: soon"), "rules.yaml:10: rules[0].within_days: "),
        (("    within_days: 1", "    within_days: 2"), "rules.yaml:10: rules[0].within_days: "),
        (('"2020-01"', "yesterday"), "rules.yaml:12: rules[0].date: "),
        (("    source: a book\n", ""), "rules.yaml:7: rules[0].source: expected this field"),
        (("source", "sauce"), "rules.yaml:13: rules[0].sauce: expected no such field"),
        (("level: critical", "level: huge"), "rules.yaml:3: levels[0].level: "),
        (
            ("classes: [x]", "classes: [x, X_]"),
            "rules.yaml:5: conditions[0].classes[1]: expected once",
        ),
        (("id: a", "id: 7"), "rules.yaml:5: conditions[0].id: "),
    ],
)
def test_an_error_names_the_line_and_the_field(change: tuple[str, str], expected: str) -> None:
    lines = refusal((START + CONDITIONS + RULE).replace(*change))
    assert any(line.startswith(expected) for line in lines), lines


def test_a_second_rule_for_the_same_place_is_refused() -> None:
    (line,) = refusal(START + CONDITIONS + RULE + RULE.removeprefix("rules:\n"))
    assert line.startswith(("rules.yaml:14:", "rules.yaml:15:"))
    assert "a row above has it" in line


@pytest.mark.parametrize("text", ["# x\n[", "# x\n- a", "# x\n", "# x\n\t", "# x\nlevels: 3"])
def test_text_that_holds_no_rules_is_refused(text: str) -> None:
    assert refusal(text)
