"""A metric pattern matches names part by part."""

import time

import pytest

from api.alerts.metric_pattern import MetricPattern


@pytest.mark.parametrize(
    ("pattern", "name", "stands_for"),
    [
        ("val/loss", "val/loss", ()),
        ("val/loss", "val/loss2", None),
        ("critical/*", "critical/RAO", ("RAO",)),
        ("critical/*", "critical/RAO/left", None),
        ("critical/*", "critical", None),
        ("*/loss", "val/loss", ("val",)),
        ("*/loss", "a/b/loss", None),
        ("system/gpu_*_power", "system/gpu_0_power", ("0",)),
        ("*/*", "a/b", ("a", "b")),
        ("a.b", "axb", None),
        ("(a)+*", "(a)+b", ("b",)),
        ("*a*b", "xaab", ("x", "a")),
        ("*a*ab", "aaab", ("", "a")),
        ("*/a*/b", "x/ay/b", ("x", "y")),
        ("*b/*c", "ab/bc", ("a", "b")),
        ("**", "ab", ("", "ab")),
    ],
)
def test_a_wildcard_matches_within_one_part(
    pattern: str, name: str, stands_for: tuple[str, ...] | None
) -> None:
    assert MetricPattern(pattern).match(name) == stands_for


@pytest.mark.parametrize(
    ("pattern", "stands_for", "name"),
    [
        ("critical_support/*", ("RAO",), "critical_support/RAO"),
        ("support", ("RAO",), "support"),
        ("*/n", ("val", "loss"), "val/n"),
        ("*/*/n", ("a", "b"), "a/b/n"),
    ],
)
def test_the_support_has_the_texts_of_the_wildcards(
    pattern: str, stands_for: tuple[str, ...], name: str
) -> None:
    assert MetricPattern(pattern).filled(stands_for) == name


def test_many_wildcards_take_no_longer_on_a_hostile_name() -> None:
    pattern = MetricPattern("*a" * 12 + "b")
    start_s = time.process_time()

    assert pattern.match("a" * 250) is None
    assert time.process_time() - start_s < 0.1
