"""The benchmark of many runs still finds the data on the dashboard's pages and on MLflow's."""

import pytest

from benchmarks.dashboard_many_runs import main


@pytest.mark.soak
def test_both_pages_show_what_is_timed(capfd: pytest.CaptureFixture[str]) -> None:
    sizes = ("--runs", "200", "--compared", "3", "--points", "200", "--rounds", "1", "--act-s", "2")
    main([*sizes, "--deadline-s", "60"])

    printed = capfd.readouterr().out
    tables = [
        line.strip("| ").split(" | ") for line in printed.splitlines() if line.startswith("| ")
    ]
    assert [cells[0] for cells in tables if "medians" in cells[0]] == [
        "table of 200 runs, medians of 1",
        "overlay of 3 runs of 200 points, medians of 1",
    ]
    measured = {cells[0]: cells[1:] for cells in tables}
    assert "openings past the deadline" not in measured
    assert "-" not in [each for cells in measured.values() for each in cells]
    assert "one run found by its name" in measured
