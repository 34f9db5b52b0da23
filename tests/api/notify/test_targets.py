"""FOVEA_NOTIFY_URLS: what it names, and that nothing secret in it is ever shown."""

import pytest

from api.errors import StartError
from api.notify.targets import load_targets, split_urls

SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    ("listed", "urls"),
    [
        ("", []),
        ("json://a/x", ["json://a/x"]),
        ("json://a/x,json://b/y", ["json://a/x", "json://b/y"]),
        (" json://a/x ,\n  json://b/y\n", ["json://a/x", "json://b/y"]),
        ("json://a/x json://a/x", ["json://a/x"]),
        (
            "mailto://h/?to=a@b.co,c@d.co,json://h",
            ["mailto://h/?to=a@b.co,c@d.co", "json://h"],
        ),
    ],
)
def test_urls_are_split_where_the_next_begins(listed: str, urls: list[str]) -> None:
    assert list(split_urls(listed)) == urls


def test_services_of_one_kind_are_numbered_and_keys_hold_no_secret() -> None:
    urls = [f"json://u:{SECRET}@a/x", "json://b/y", "xml://c/z"]
    targets = load_targets(urls)
    assert [target.name for target in targets] == ["json 1", "json 2", "xml"]
    assert [target.scheme for target in targets] == ["json", "json", "xml"]
    assert len({target.key for target in targets}) == 3
    assert SECRET not in repr(targets)
    assert [target.key for target in load_targets(urls)] == [target.key for target in targets]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"slakc://{SECRET}", "slakc"),
        ("slack://too/few", "slack"),
        (f"{SECRET}", "without a scheme"),
        (f"mailto://u:{SECRET}@host/?from=nobody", "mailto"),
    ],
)
def test_a_bad_url_is_named_by_its_place_without_its_secrets(url: str, shown: str) -> None:
    with pytest.raises(StartError) as refused:
        load_targets(["json://a/x", url])
    said = str(refused.value)
    assert f"FOVEA_NOTIFY_URLS: number 2 of 2 ({shown})" in said
    assert SECRET not in said
