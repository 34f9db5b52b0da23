"""The classes of a data set in output order, and the conditions among them with a clinical floor."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from training.errors import DataError
from training.taxonomies.schema import ConditionEntry, TaxonomyEntry, entry_from

FOLDER_TAXONOMY = "folders"
"""Name of a taxonomy that was made from the folder names of a data set."""


class Modality(StrEnum):
    """How a picture was taken."""

    FUNDUS = "fundus"
    OCT = "oct"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class CriticalCondition:
    """Classes that count as one finding, and the sensitivity below which a model is unsafe."""

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
    """Read a taxonomy from a YAML file; DataError names the file and the field."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"Expected a taxonomy file in YAML at {path}, but it cannot be read: {error}."
        ) from error
    return _parse_yaml(text, where=str(path))


def caasi_v6_1() -> Taxonomy:
    """The 28 fundus and OCT classes that are shipped, with their four critical conditions."""
    resource = resources.files("training") / "taxonomies" / "caasi_v6_1.yaml"
    return _parse_yaml(resource.read_text(encoding="utf-8"), where=resource.name)


def taxonomy_for_folders(class_names: Sequence[str]) -> Taxonomy:
    """The taxonomy of an ImageFolder with these class folders.

    The 28 CAASI folders, in any order, give the CAASI taxonomy itself. Other sets are sorted, and
    each CAASI critical condition holds for those of its classes that are there by name, so that
    leaving classes out never lowers a clinical floor silently.
    """
    caasi = caasi_v6_1()
    if len(class_names) == len(caasi.classes) and set(class_names) == set(caasi.classes):
        return caasi
    if len(class_names) < 2:
        raise DataError(
            f"Expected a folder for each of at least two classes, but got {list(class_names)}; "
            "put each class's pictures into a folder of its own."
        )
    classes = sorted(class_names)
    return taxonomy_from_dict(
        {
            "name": FOLDER_TAXONOMY,
            "classes": [{"name": name, "modality": _modality_of(name).value} for name in classes],
            "critical_conditions": _conditions_among(classes, caasi),
        },
        where="the class folders",
    )


def taxonomy_to_dict(taxonomy: Taxonomy) -> dict[str, Any]:
    """Plain JSON of a taxonomy, in the layout of its YAML file."""
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


def taxonomy_from_dict(values: object, *, where: str = "the taxonomy") -> Taxonomy:
    """The taxonomy in `values`, as `taxonomy_to_dict` wrote it; DataError names `where` and field."""
    entry = entry_from(values, where=where)
    return Taxonomy(
        name=entry.name,
        source=entry.source,
        classes=tuple(item.name for item in entry.classes),
        modalities=tuple(Modality(item.modality) for item in entry.classes),
        critical_conditions=tuple(
            _condition_from(item, entry) for item in entry.critical_conditions
        ),
    )


def _parse_yaml(text: str, *, where: str) -> Taxonomy:
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DataError(
            f"{where}: expected a taxonomy in YAML, but it is not YAML: {error}"
        ) from error
    return taxonomy_from_dict(values, where=where)


def _condition_from(item: ConditionEntry, entry: TaxonomyEntry) -> CriticalCondition:
    return CriticalCondition(
        name=item.name,
        class_indices=entry.indices_of(item),
        min_sensitivity=item.min_sensitivity,
    )


def _modality_of(class_name: str) -> Modality:
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
