"""Loads a taxonomy: classes in output order, and critical conditions with a minimum sensitivity."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any

from training.errors import DataError
from training.taxonomies.names import name_problem
from training.taxonomies.plain_yaml import parse_yaml, read_yaml
from training.taxonomies.schema import ConditionEntry, TaxonomyEntry, parse_taxonomy

EXPECTED = "a taxonomy in YAML"
FOLDER_TAXONOMY = "folders"
"""Name of a taxonomy that is derived from the folder names of a data set."""


class Modality(StrEnum):
    """The imaging method of a class's images."""

    FUNDUS = "fundus"
    OCT = "oct"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class CriticalCondition:
    """A group of classes that is one finding, and the sensitivity below which a model is unsafe."""

    name: str
    class_indices: tuple[int, ...]
    min_sensitivity: float


@dataclass(frozen=True, kw_only=True)
class Taxonomy:
    """Classes in the order of the model's outputs; `modalities[i]` belongs to `classes[i]`."""

    name: str
    classes: tuple[str, ...]
    modalities: tuple[Modality, ...]
    critical_conditions: tuple[CriticalCondition, ...]
    source: str = ""


def load_taxonomy(path: Path) -> Taxonomy:
    """Read a taxonomy from a YAML file; raises DataError with the file and the field."""
    return taxonomy_from_dict(read_yaml(path, expected=EXPECTED), origin=str(path))


def caasi_v6_1() -> Taxonomy:
    """The built-in taxonomy: 28 fundus and OCT classes and four critical conditions."""
    resource = resources.files("training.taxonomies") / "caasi_v6_1.yaml"
    values = parse_yaml(resource.read_bytes(), origin=resource.name, expected=EXPECTED)
    return taxonomy_from_dict(values, origin=resource.name)


def taxonomy_for_folders(class_names: Sequence[str]) -> Taxonomy:
    """The taxonomy of an ImageFolder with these class folders.

    The 28 CAASI folders give the CAASI taxonomy. Any other classes are sorted by name, and each
    CAASI critical condition applies to those of its classes that are present: a data set without
    some of the classes keeps the minimum sensitivities of the others.

    Raises DataError if there are fewer than two classes, or if a name is not valid.
    """
    caasi = caasi_v6_1()
    if len(class_names) == len(caasi.classes) and set(class_names) == set(caasi.classes):
        return caasi
    if len(class_names) < 2:
        raise DataError(
            f"Expected at least two classes, each with its own folder, but got {list(class_names)}. "
            "Put the images of each class into a folder of their own."
        )
    for name in class_names:
        if (problem := name_problem(name)) is not None:
            raise DataError(f"the class folders: {name!r}: {problem}. Rename the folder.")
    classes = sorted(class_names)
    return taxonomy_from_dict(
        {
            "name": FOLDER_TAXONOMY,
            "classes": [{"name": name, "modality": modality_of(name).value} for name in classes],
            "critical_conditions": _conditions_among(classes, caasi),
        },
        origin="the class folders",
    )


def taxonomy_to_dict(taxonomy: Taxonomy) -> dict[str, Any]:
    """The taxonomy as JSON values, in the layout of a taxonomy file."""
    return {
        "name": taxonomy.name,
        "source": taxonomy.source,
        "classes": [
            {"name": name, "modality": modality.value}
            for name, modality in zip(taxonomy.classes, taxonomy.modalities, strict=True)
        ],
        "critical_conditions": [
            {
                "name": condition.name,
                "classes": list(condition.class_indices),
                "min_sensitivity": condition.min_sensitivity,
            }
            for condition in taxonomy.critical_conditions
        ],
    }


def taxonomy_from_dict(values: object, *, origin: str = "the taxonomy") -> Taxonomy:
    """The inverse of `taxonomy_to_dict`; raises DataError with `origin` and the invalid fields."""
    entry = parse_taxonomy(values, origin=origin)
    return Taxonomy(
        name=entry.name,
        source=entry.source,
        classes=tuple(item.name for item in entry.classes),
        modalities=tuple(Modality(item.modality) for item in entry.classes),
        critical_conditions=tuple(
            _condition_from(item, entry) for item in entry.critical_conditions
        ),
    )


def _condition_from(item: ConditionEntry, entry: TaxonomyEntry) -> CriticalCondition:
    return CriticalCondition(
        name=item.name,
        class_indices=entry.indices_of(item),
        min_sensitivity=item.min_sensitivity,
    )


def modality_of(class_name: str) -> Modality:
    """The modality that the name of a class or of its folder begins with."""
    if class_name.startswith("Fundus_"):
        return Modality.FUNDUS
    if class_name.startswith("OCT_"):
        return Modality.OCT
    return Modality.OTHER


def _conditions_among(classes: Sequence[str], caasi: Taxonomy) -> list[dict[str, Any]]:
    conditions = []
    for condition in caasi.critical_conditions:
        names = [caasi.classes[index] for index in condition.class_indices]
        present = [name for name in names if name in classes]
        if present:
            conditions.append(
                {
                    "name": condition.name,
                    "classes": present,
                    "min_sensitivity": condition.min_sensitivity,
                }
            )
    return conditions
