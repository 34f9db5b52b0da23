"""Names are evidence if they have the target's word, or tell of a judgement or of who wrote a row."""

import pytest

from training.tables.leaks.name_evidence import NameEvidence, evidence_of_names

TARGET, JUDGEMENT, PROVENANCE = NameEvidence


@pytest.mark.parametrize(
    ("column", "target", "found"),
    [
        ("koi_pdisposition", "koi_disposition", {TARGET, JUDGEMENT}),
        ("koi_disp_prov", "koi_disposition", {TARGET, PROVENANCE}),
        ("koi_period", "koi_disposition", set()),
        ("koi_fpflag_nt", "koi_disposition", {JUDGEMENT}),
        ("koi_score", "koi_disposition", {JUDGEMENT}),
        ("koi_tce_delivname", "koi_disposition", {PROVENANCE}),
        ("rowupdate", "tfopwg_disp", {PROVENANCE}),
        ("toi_created", "tfopwg_disp", {PROVENANCE}),
        ("disp_refname", "disposition", {TARGET, PROVENANCE}),
        ("SalePriceLog", "SalePrice", {TARGET}),
        ("price_per_area", "sale_price", {TARGET}),
        ("last_price", "price", set()),
        ("target_encoded", "target", {TARGET}),
        ("room_type", "house_type", set()),
        ("profile", "churn", set()),
        ("conversion", "churn", set()),
        ("preference", "churn", set()),
        ("", "churn", set()),
        ("x", "y", set()),
    ],
)
def test_what_a_name_says(column: str, target: str, found: set[NameEvidence]) -> None:
    assert evidence_of_names([column], target) == {column: found}


def test_a_word_that_many_columns_have_is_no_evidence() -> None:
    columns = [f"price_{name}" for name in ("rome", "oslo", "bonn", "lima", "kyiv")]
    assert not any(evidence_of_names(columns, "price").values())
    assert all(evidence_of_names(columns[:4], "price").values())
