"""The variables with which a process reaches a server on this machine past a proxy."""

import pytest
from requests.utils import get_environ_proxies, select_proxy

from tracking_plugin.server_environment import direct_variables

PROXY = {"http_proxy": "http://proxy.example:3128", "https_proxy": "http://proxy.example:3128"}


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:5000", "http://localhost:5000", " HTTP://[::1]/"]
)
@pytest.mark.parametrize("excepted", ["", "10.0.0.0/8, .example"])
def test_a_server_on_this_machine_is_reached_past_the_proxy(
    uri: str, excepted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = direct_variables(uri, {"NO_PROXY": excepted})

    for name, value in {**PROXY, **variables}.items():
        monkeypatch.setenv(name, value)
    assert select_proxy(uri.strip(), get_environ_proxies(uri.strip())) is None
    assert all(
        name.strip() in variables["no_proxy"].split(",") for name in excepted.split(",") if name
    )
    elsewhere = "http://mlflow.example.org"
    assert select_proxy(elsewhere, get_environ_proxies(elsewhere)) == PROXY["http_proxy"]


@pytest.mark.parametrize("uri", ["http://mlflow.example:5000", "http://10.0.0.7", "sqlite:///x.db"])
def test_a_server_elsewhere_is_reached_as_the_user_has_set(uri: str) -> None:
    assert direct_variables(uri, {}) == {}


@pytest.mark.parametrize("excepted", ["127.0.0.1", "*", "a.example,127.0.0.1"])
def test_what_the_user_has_excepted_is_not_repeated(excepted: str) -> None:
    variables = direct_variables("http://127.0.0.1:5000", {"no_proxy": excepted})

    assert variables == {"NO_PROXY": excepted, "no_proxy": excepted}
