import pytest

from tests.file_names import colliding, tracked_files


def test_no_two_files_differ_only_in_case_and_ending() -> None:
    assert colliding(tracked_files()) == []


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param(["run/MetricCards.tsx", "run/metricCards.ts"], id="case and ending"),
        pytest.param(["a/readme.md", "a/README.md"], id="case alone"),
        pytest.param(["Docs/a.md", "docs/a.md"], id="folder"),
    ],
)
def test_files_that_differ_in_case_collide(paths: list[str]) -> None:
    assert colliding([*paths, "other.py"]) == [sorted(paths)]


def test_files_that_differ_in_ending_alone_do_not_collide() -> None:
    assert colliding(["panel.css", "panel.ts", "a/panel.ts", "Panel.module.css"]) == []
