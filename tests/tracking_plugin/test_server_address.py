"""Addresses of servers: what is one, what is refused, and that no message shows a password."""

import pytest

from tracking_plugin.server_address import (
    AddressError,
    is_server,
    parse_server,
    shown_uri,
    without_credentials,
)


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        ("http://host:5000", "http://host:5000"),
        (" \tHTTPS://Host:8443/Team/x// \n", "https://host:8443/Team/x"),
        ("http://[::1]:5000/", "http://[::1]:5000"),
        ("http://host:", "http://host"),
        ("http://ada:p%40ss@host/ml", "http://host/ml"),
        ("http://ada:p@ss@host", "http://host"),
    ],
)
def test_blanks_capitals_and_credentials_are_no_part_of_the_url(uri: str, url: str) -> None:
    assert parse_server(uri).url == url
    assert is_server(uri)


def test_credentials_are_decoded_and_not_shown() -> None:
    address = parse_server("http://ada:p%40s%2Fs@host")

    assert (address.username, address.password) == ("ada", "p@s/s")
    assert "p@s/s" not in repr(address)


@pytest.mark.parametrize(
    "uri",
    [
        *("", " ", "host", "host:5000", "//host", "http:/host", "http:///x", "http//host"),
        *("http://host:0", "http://host:99999", "http://host:port", "http://[1", "ftp://host"),
        *("http://ho st", "http://host\n.evil", "http:\\\\host", "sqlite:///mlflow.db", "./mlruns"),
        *("http://host?x=1", "http://host/#/experiments/1", "http://host#"),
    ],
)
def test_what_is_not_an_address_of_a_server_is_refused(uri: str) -> None:
    with pytest.raises(AddressError, match=r"is not an address of a server: expected one"):
        parse_server(uri)


@pytest.mark.parametrize(
    "uri",
    [
        *("ftp://ada:topsecret@host", "http://ada:topsecret@host:port", "http://ada:topsecret@"),
        *("http://ada:topsecret@x@host:port", "http://ada:to/topsecret@host", "ada:topsecret@host"),
        *("http://ada:topsecret#x@host", "http://ada:topsecret?x@host", "http://host?k=topsecret"),
        *("http://ada:topsecret@host\n", "http://ada:topsecret@ho st"),
    ],
)
def test_no_refusal_shows_the_password(uri: str) -> None:
    try:
        shown = str(parse_server(uri))
    except AddressError as error:
        shown = str(error)

    assert "topsecret" not in shown
    assert "topsecret" not in shown_uri(uri)


@pytest.mark.parametrize(
    "uri", ["sqlite:///a.db", "databricks", "", "./mlruns", "file:///http://x"]
)
def test_a_store_that_mlflow_opens_itself_is_no_server(uri: str) -> None:
    assert not is_server(uri)


def test_credentials_are_removed_from_every_url_in_a_text() -> None:
    text = "API request to HTTP://ada:p@ss@host:9/api?x=a failed; proxy socks5://bo:s3cret@proxy"

    assert without_credentials(text) == (
        "API request to HTTP://host:9/api?x=a failed; proxy socks5://proxy"
    )


def test_a_long_text_without_credentials_is_searched_in_linear_time() -> None:
    text = "a:" * 200_000 + "://" * 200_000

    assert without_credentials(text) == text
