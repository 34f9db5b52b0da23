"""A taxonomy file is read completely or refused with its file and field."""

import json
from pathlib import Path

import pytest
import yaml

from training.errors import DataError
from training.taxonomies.taxonomy import (
    Modality,
    Taxonomy,
    caasi_v6_1,
    load_taxonomy,
    taxonomy_for_folders,
    taxonomy_from_dict,
    taxonomy_to_dict,
)


def write_yaml(folder: Path, **changes: object) -> Path:
    values = {
        "name": "two_eyes",
        "classes": [
            {"name": "Left", "modality": "fundus"},
            {"name": "Right", "modality": "oct"},
            {"name": "Third", "modality": "other"},
        ],
        "critical_conditions": [{"name": "Loss", "classes": [0, 2], "min_sensitivity": 0.9}],
        **changes,
    }
    path = folder / "two_eyes.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def condition(**changes: object) -> list[dict[str, object]]:
    return [{"name": "Loss", "classes": [0], "min_sensitivity": 0.9, **changes}]


def min_sensitivities(taxonomy: Taxonomy) -> dict[str, tuple[tuple[str, ...], float]]:
    return {
        each.name: (
            tuple(taxonomy.classes[index] for index in each.class_indices),
            each.min_sensitivity,
        )
        for each in taxonomy.critical_conditions
    }


CAASI_MIN_SENSITIVITIES = {
    "RAO": (("Fundus_RAO", "OCT_RAO"), 0.99),
    "RVO": (("Fundus_RVO", "OCT_RVO"), 0.97),
    "Retinal_Detachment": (("Fundus_Retinal_Detachment",), 0.99),
    "CNV": (("Fundus_CNV_Wet_AMD", "OCT_CNV"), 0.98),
}


def test_caasi_has_its_28_classes_in_the_published_order() -> None:
    taxonomy = caasi_v6_1()
    assert taxonomy.name == "caasi_v6_1"
    assert len(set(taxonomy.classes)) == 28
    assert taxonomy.classes[0] == "Fundus_Normal"
    assert taxonomy.classes[17:19] == ("Fundus_Other", "OCT_Normal")
    assert taxonomy.classes[27] == "OCT_RAO"
    assert taxonomy.modalities == (Modality.FUNDUS,) * 18 + (Modality.OCT,) * 10


def test_caasi_conditions_have_the_published_indices_and_minimum_sensitivities() -> None:
    taxonomy = caasi_v6_1()
    assert {each.name: each.class_indices for each in taxonomy.critical_conditions} == {
        "RAO": (8, 27),
        "RVO": (7, 25),
        "Retinal_Detachment": (13,),
        "CNV": (11, 20),
    }
    assert min_sensitivities(taxonomy) == CAASI_MIN_SENSITIVITIES


def test_modalities_agree_with_the_class_names() -> None:
    taxonomy = caasi_v6_1()
    for name, modality in zip(taxonomy.classes, taxonomy.modalities, strict=True):
        assert name.lower().startswith(f"{modality}_")


def test_a_condition_may_give_its_classes_by_name_or_by_index(tmp_path: Path) -> None:
    by_index = load_taxonomy(write_yaml(tmp_path))
    by_name = load_taxonomy(
        write_yaml(
            tmp_path,
            critical_conditions=condition(classes=["Third", "Left"]),
        )
    )
    assert by_index == by_name
    assert by_index.classes == ("Left", "Right", "Third")
    assert by_index.modalities == (Modality.FUNDUS, Modality.OCT, Modality.OTHER)
    assert min_sensitivities(by_index) == {"Loss": (("Left", "Third"), 0.9)}


def test_a_taxonomy_is_the_same_after_json() -> None:
    taxonomy = caasi_v6_1()
    assert taxonomy_from_dict(json.loads(json.dumps(taxonomy_to_dict(taxonomy)))) == taxonomy


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": 7}, "name"),
        ({"clases": []}, "clases"),
        ({"classes": []}, "classes"),
        ({"classes": [{"name": "A", "modality": "x-ray"}] * 2}, "classes[0].modality"),
        ({"classes": [{"name": "A", "modality": "oct"}] * 2}, "classes[1].name"),
        ({"classes": [{"name": "A(1)", "modality": "oct"}] * 2}, "classes[0].name"),
        ({"critical_conditions": condition(classes=[3])}, "critical_conditions[0].classes"),
        ({"critical_conditions": condition(classes=[-1])}, "critical_conditions[0].classes"),
        ({"critical_conditions": condition(classes=["Up"])}, "critical_conditions[0].classes"),
        ({"critical_conditions": condition(classes=[0, "Left"])}, "critical_conditions[0].classes"),
        ({"critical_conditions": condition(classes=[])}, "critical_conditions[0].classes"),
        ({"critical_conditions": condition(classes=[True])}, "critical_conditions[0].classes[0]"),
        (
            {"critical_conditions": condition(min_sensitivity=0)},
            "critical_conditions[0].min_sensitivity",
        ),
        (
            {"critical_conditions": condition(min_sensitivity=1.01)},
            "critical_conditions[0].min_sensitivity",
        ),
        (
            {"critical_conditions": condition(min_sensitivity=float("nan"))},
            "critical_conditions[0].min_sensitivity",
        ),
        (
            {"critical_conditions": condition(min_sensitivity=True)},
            "critical_conditions[0].min_sensitivity",
        ),
        ({"critical_conditions": condition(floor=1)}, "critical_conditions[0].floor"),
        ({"critical_conditions": condition() * 2}, "critical_conditions[1].name"),
    ],
)
def test_an_invalid_file_is_refused_with_file_and_field(
    tmp_path: Path, changes: dict[str, object], field: str
) -> None:
    path = write_yaml(tmp_path, **changes)
    with pytest.raises(DataError) as error:
        load_taxonomy(path)
    assert f"{path}: {field}: expected" in str(error.value)


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bare.yaml"
    path.write_text("name: bare\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"bare\.yaml: classes: .*missing"):
        load_taxonomy(path)


def test_a_file_that_is_not_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "torn.yaml"
    path.write_text("classes: [", encoding="utf-8")
    with pytest.raises(DataError, match=r"torn\.yaml: expected a taxonomy in YAML"):
        load_taxonomy(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.yaml"):
        load_taxonomy(tmp_path / "absent.yaml")


def test_the_28_folders_in_any_order_give_the_caasi_taxonomy() -> None:
    assert taxonomy_for_folders(sorted(caasi_v6_1().classes)) == caasi_v6_1()


def test_other_folders_are_sorted_with_modalities_by_prefix() -> None:
    taxonomy = taxonomy_for_folders(["zebra", "OCT_DME", "Fundus_DME"])
    assert taxonomy.name == "folders"
    assert taxonomy.classes == ("Fundus_DME", "OCT_DME", "zebra")
    assert taxonomy.modalities == (Modality.FUNDUS, Modality.OCT, Modality.OTHER)
    assert taxonomy.critical_conditions == ()


def test_a_subset_of_classes_keeps_their_critical_conditions() -> None:
    taxonomy = taxonomy_for_folders(["OCT_RAO", "Fundus_Normal", "Fundus_RVO", "Own_Class"])
    assert min_sensitivities(taxonomy) == {
        "RAO": (("OCT_RAO",), 0.99),
        "RVO": (("Fundus_RVO",), 0.97),
    }


def test_additional_classes_keep_all_critical_conditions() -> None:
    taxonomy = taxonomy_for_folders([*caasi_v6_1().classes, "A_New_Class"])
    assert taxonomy.classes[0] == "A_New_Class"
    assert min_sensitivities(taxonomy) == CAASI_MIN_SENSITIVITIES


@pytest.mark.parametrize("class_names", [[], ["Fundus_Normal"]])
def test_fewer_than_two_folders_are_refused(class_names: list[str]) -> None:
    with pytest.raises(DataError, match="at least two classes"):
        taxonomy_for_folders(class_names)


def test_a_folder_name_that_is_no_valid_metric_name_is_refused() -> None:
    with pytest.raises(DataError, match="DR #2"):
        taxonomy_for_folders(["DR #2", "Normal"])
