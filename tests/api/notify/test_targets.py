"""Services are read from FOVEA_NOTIFY_URLS, and no secret in the URLs is shown."""

import pytest

from api.errors import StartError
from api.notify.targets import load_targets

SECRET = "hunter2hunter2"


def test_services_of_one_kind_are_numbered_and_keys_contain_no_secret() -> None:
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
def test_a_bad_url_is_named_by_its_position_without_its_secrets(url: str, shown: str) -> None:
    with pytest.raises(StartError) as refused:
        load_targets(["json://a/x", url])
    message = str(refused.value)
    assert f"FOVEA_NOTIFY_URLS: number 2 of 2 ({shown})" in message
    assert SECRET not in message
