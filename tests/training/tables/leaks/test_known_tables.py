"""The file of known tables is valid, and tables are recognised by their columns."""

import pytest

from training.tables.leaks.known_tables import KnownTable, known_tables, reason_for, recognise


def test_the_three_tables_of_nasa_are_known() -> None:
    assert [table.name for table in known_tables()] == ["cumulative", "toi", "k2pandc"]
    assert all({table.label, table.group} <= set(table.has) for table in known_tables())


@pytest.mark.parametrize("table", known_tables(), ids=lambda table: table.name)
def test_a_table_is_recognised_by_its_columns(table: KnownTable) -> None:
    assert recognise([*table.has, "more"]) is table
    assert recognise(table.has[1:]) is None


def test_patterns_fit_whole_names_in_their_case() -> None:
    patterns = {"koi_fpflag_*": "flags", "koi_score": "score"}
    assert reason_for("koi_fpflag_nt", patterns) == "flags"
    assert reason_for("koi_score_2", patterns) is None
    assert reason_for("KOI_SCORE", patterns) is None


def test_k2_candidates_are_known_as_in_the_archive() -> None:
    columns = [
        "pl_name",
        "hostname",
        "disposition",
        "disp_refname",
        "soltype",
        "pl_rade",
        "ttv_flag",
    ]
    known = recognise(columns)
    assert known is not None
    leaks = [name for name in columns if reason_for(name, known.leaks)]
    assert leaks == ["pl_name", "disp_refname", "soltype", "ttv_flag"]
    assert [name for name in columns if reason_for(name, known.missingness)] == ["pl_rade"]
