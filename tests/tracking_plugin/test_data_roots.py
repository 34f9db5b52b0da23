"""Only paths in the allowed folders are accepted, once all links are resolved."""

from pathlib import Path

import pytest

from tracking_plugin.data_roots import DataRoots, listed_roots, path_params

PATH = {"type": "string", "format": "path"}


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    folder = tmp_path / "allowed"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    return folder


def test_without_folders_every_path_is_allowed() -> None:
    assert DataRoots(None).refusal("/etc/shadow") is None
    assert DataRoots(None).refusal("data") is None


def test_with_no_folder_no_path_is_allowed_and_the_variable_is_named() -> None:
    assert "FOVEA_DATA_ROOTS" in str(DataRoots(()).refusal("/data"))
    assert DataRoots(()).refusal("random") is None
    assert DataRoots(()).refusal("") is None


def test_paths_in_the_folder_are_allowed_whether_they_exist_or_not(allowed: Path) -> None:
    (allowed / "train").mkdir()
    (allowed / "inside").symlink_to(allowed / "train")
    roots = DataRoots((allowed,))
    for name in (".", "train", "train/../train", "new/file.pth", "inside"):
        assert roots.refusal(f"{allowed}/{name}") is None


@pytest.mark.parametrize(
    "text",
    [
        "{allowed}/../secret",
        "{allowed}/link",
        "{allowed}/folder/secret",
        "{allowed}-other/x",
        "{allowed}/loop/x",
        "/etc/shadow",
        "relative",
        "./relative",
        "~",
        "~nobody-of-this-name/x",
        "file:///etc/shadow",
        "{allowed}/\0",
        " {allowed}",
    ],
)
def test_paths_that_lead_out_of_the_folder_are_refused(allowed: Path, text: str) -> None:
    (allowed / "link").symlink_to(allowed.parent / "secret")
    (allowed / "folder").symlink_to(allowed.parent)
    (allowed / "loop").symlink_to("loop")
    reason = DataRoots((allowed,)).refusal(text.format(allowed=allowed))
    assert reason is not None
    assert "expected" in reason


def test_a_folder_that_is_a_link_allows_what_it_leads_to(allowed: Path) -> None:
    link = allowed.parent / "link"
    link.symlink_to(allowed)
    assert DataRoots((link,)).refusal(f"{allowed}/x") is None


def test_folders_are_listed_as_in_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert listed_roots("/data: ~/sets ::") == (Path("/data"), Path("/home/ada/sets"))


def test_only_parameters_that_are_paths_are_found() -> None:
    schema = {
        "properties": {
            "data": PATH,
            "weights": {"anyOf": [PATH, {"type": "null"}]},
            "name": {"type": "string"},
        }
    }
    params = {"data": "/a", "weights": "/b", "name": "/c", "unknown": "/d"}
    assert list(path_params(schema, params)) == [("data", "/a"), ("weights", "/b")]
    assert list(path_params(schema, {"data": None})) == []
