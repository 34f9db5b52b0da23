"""The profile says what is in a table, what repeats, and what names rows and groups."""

import json
from pathlib import Path

import pytest

from tests.training.tables.exoplanets import kepler_table, tess_table
from tests.training.tables.reading import typed
from training.tables.profile import TableProfile, profile


def profiled(folder: Path, content: str) -> TableProfile:
    return profile(typed(folder, content))


def names(items: object) -> list[str]:
    return [item.column for item in items]  # type: ignore[attr-defined]


def test_numbers_have_bounds_mean_and_quantiles(tmp_path: Path) -> None:
    cells = "".join(f"{n} kg,x\n" for n in range(101))
    (size, _) = profiled(tmp_path, "size,b\n" + cells + "NA,x\n").columns
    assert (size.kind, size.unit, size.num_missing, size.num_distinct) == ("number", "kg", 1, 101)
    assert (size.minimum, size.maximum, size.mean) == (0, 100, 50)
    assert size.quantiles == {"0.05": 5, "0.25": 25, "0.5": 50, "0.75": 75, "0.95": 95}


def test_categories_have_their_frequent_values_printable(tmp_path: Path) -> None:
    cells = ["b\u202eb", "a", "a", "b\u202eb", "c"]
    (column, _) = profiled(tmp_path, "a,b\n" + "".join(f"{c},1\n" for c in cells)).columns
    assert [(top.value, top.count) for top in column.top_values] == [("a", 2), ("bb", 2), ("c", 1)]


def test_dates_have_a_first_and_a_last(tmp_path: Path) -> None:
    found = profiled(tmp_path, "day,b\n2700-01-01,1\n1000-01-01,2\n")
    assert (found.columns[0].first, found.columns[0].last) == ("1000-01-01", "2700-01-01")
    assert found.date_columns == ("day",)


def test_constant_and_duplicate_columns_are_named(tmp_path: Path) -> None:
    header = "a,b,one,none,c,d,e\n"
    rows = "".join(f"{n},{n}.0,7,,t{n},t{n},{n + (n == 3)}\n" for n in range(5))
    found = profiled(tmp_path, header + rows)
    assert found.constant_columns == ("one", "none")
    assert found.duplicate_columns == (("a", "b"), ("c", "d"))


def test_a_missing_value_is_no_zero_and_no_empty_text(tmp_path: Path) -> None:
    found = profiled(tmp_path, '{"a": 0, "b": null}\n{"a": 1, "b": 1}\n')
    assert found.duplicate_columns == ()
    rows = profiled(tmp_path, "a,b\n1,x\n2,x\n,x\n0,x\n")
    assert rows.num_duplicate_rows == 0


def test_duplicate_rows_are_counted_with_and_without_identifiers(tmp_path: Path) -> None:
    rows = ["1,x", "2,y", "3,x", "4,x", "5,z", "6,z", "7,q", "8,r", "9,s", "10,t"]
    found = profiled(tmp_path, "id,v\n" + "".join(f"{row}\n" for row in rows))
    assert names(found.identifier_columns) == ["id"]
    assert found.num_duplicate_rows == 0
    assert found.num_duplicate_rows_without_identifiers == 3
    assert profiled(tmp_path, "a,b\n1,x\n2,y\n1,x\n1,x\n").num_duplicate_rows == 2


@pytest.mark.parametrize(
    ("header", "cells", "is_identifier"),
    [
        ("x", [f"K{n:05d}" for n in range(20)], True),
        ("x", list(range(20)), True),
        ("x", [n * n for n in range(20)], False),
        ("user_id", [n * n for n in range(20)], True),
        ("userId", [n * n for n in range(20)], True),
        ("acid", [n * n for n in range(20)], False),
        ("x", [n + 0.25 for n in range(20)], False),
        ("x", ["K1", *(f"K{n}" for n in range(19))], False),
        ("x", ["a long report about one patient. " * 3 + str(n) for n in range(20)], False),
    ],
)
def test_identifier_columns(
    tmp_path: Path, header: str, cells: list[object], is_identifier: bool
) -> None:
    rows = "".join(f"{cell},{n % 3}\n" for n, cell in enumerate(cells))
    found = profiled(tmp_path, f"{header},b\n{rows}")
    assert names(found.identifier_columns) == ([header] if is_identifier else [])


@pytest.mark.parametrize(
    ("header", "is_group"),
    [
        *(("patient", True), ("patient_id", True), ("PatientID", True), ("hostname", True)),
        *(("star_name", True), ("kepid", True), ("record_id", True)),
        *(("patient_age", False), ("value", False), ("humid", False), ("num_patients", False)),
    ],
)
def test_group_candidates(tmp_path: Path, header: str, is_group: bool) -> None:
    rows = "".join(f"{100 + n // 3},{n}\n" for n in range(30))
    found = profiled(tmp_path, f"{header},b\n{rows}")
    assert names(found.group_candidates) == ([header] if is_group else [])
    assert all(group.num_groups == 10 for group in found.group_candidates)


def test_the_tables_of_the_exoplanet_archive(tmp_path: Path) -> None:
    kepler = profiled(tmp_path, kepler_table())
    assert names(kepler.identifier_columns) == ["kepoi_name", "kepler_name"]
    assert names(kepler.group_candidates) == ["kepid"]
    assert "which star" in kepler.group_candidates[0].reason
    assert kepler.constant_columns == ("koi_teq_err1",)
    tess = profiled(tmp_path, tess_table())
    assert names(tess.group_candidates) == ["tid"]
    assert tess.date_columns == ("toi_created",)


def test_a_profile_is_written_as_json_and_read_back(tmp_path: Path) -> None:
    found = profiled(tmp_path, "a,b\n1e308,x\n1.7e308,y\n-1,x\n")
    text = found.model_dump_json()
    assert "Infinity" not in text
    assert "NaN" not in text
    assert TableProfile.model_validate(json.loads(text)) == found
