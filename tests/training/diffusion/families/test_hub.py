"""A model of the hub is found within a deadline, or a sentence says what is wrong."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants

from training.diffusion.families import hub
from training.diffusion.families.hub import base_folder
from training.errors import WeightsError

SOON_S = 30.0
"""Far more than the hub's deadline in these tests, and far less than the library would wait."""
COMMIT = "a" * 40


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = tmp_path / "cache"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(hub, "REACH_S", 2.0)
    return cache


@pytest.fixture
def silent_hub() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def closed_port() -> str:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


class _Answers(BaseHTTPRequestHandler):
    """A hub with one model, `owner/known`, and one behind a licence, `owner/gated`."""

    def do_GET(self) -> None:
        known = {"id": "owner/known", "sha": COMMIT, "siblings": []}
        if self.path == "/api/models/owner/known":
            self._send(200, json.dumps(known).encode())
        elif self.path.startswith("/api/models/owner/gated"):
            self._send(403, b"{}", **{"X-Error-Code": "GatedRepo"})
        else:
            self._send(404, b"{}", **{"X-Error-Code": "RepoNotFound"})

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the library
        """Say nothing about requests."""


@pytest.fixture
def answering_hub() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def cached_model(cache: Path) -> Path:
    """The snapshot that an earlier download of owner/known left."""
    repository = cache / "models--owner--known"
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "model_index.json").write_text("{}")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return snapshot


def test_a_path_stays_a_path(tmp_path: Path, silent_hub: str) -> None:
    assert base_folder(str(tmp_path), endpoint=silent_hub) == tmp_path
    for text in ("nothing", "a/b/c", "/no/where", "owner/a name"):
        assert base_folder(text, endpoint=silent_hub) == Path(text)


@pytest.mark.parametrize("unreachable", ["silent_hub", "closed_port"])
def test_a_hub_out_of_reach_is_named_soon(unreachable: str, request: pytest.FixtureRequest) -> None:
    endpoint = request.getfixturevalue(unreachable)
    start = time.monotonic()
    with pytest.raises(WeightsError, match=r"hub http://127.* cannot be reached .* local pipeline"):
        base_folder("owner/unknown", endpoint=endpoint)
    assert time.monotonic() - start < SOON_S


def test_a_hub_that_is_switched_off_is_named(
    closed_port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsError, match="HF_HUB_OFFLINE is set"):
        base_folder("owner/unknown", endpoint=closed_port)


def test_a_model_of_an_earlier_download_is_found_again(own_cache: Path, closed_port: str) -> None:
    snapshot = cached_model(own_cache)
    assert base_folder("owner/known", endpoint=closed_port) == snapshot


def test_a_model_that_the_hub_does_not_have_is_named(answering_hub: str) -> None:
    with pytest.raises(WeightsError, match="the hub has no public model of that name"):
        base_folder("owner/unknown", endpoint=answering_hub)


def test_a_model_behind_a_licence_is_named(answering_hub: str) -> None:
    with pytest.raises(WeightsError, match="only to those who accepted its licence"):
        base_folder("owner/gated", endpoint=answering_hub)


def test_a_known_model_is_fetched_at_its_commit_without_pickles(
    answering_hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}

    def download(_api: HfApi, model: str, **options: object) -> str:
        asked.update(options, model=model)
        return str(tmp_path)

    monkeypatch.setattr(HfApi, "snapshot_download", download)
    assert base_folder("owner/known", endpoint=answering_hub) == tmp_path
    assert (asked["model"], asked["revision"]) == ("owner/known", COMMIT)
    patterns = asked["allow_patterns"]
    assert isinstance(patterns, list)
    assert {"*.safetensors", "*/*.safetensors", "*/*.json"} <= set(patterns)
    unwanted = {"*", "*/*", "*.bin", "*.ckpt", "*.py", "*.pt"}
    assert not unwanted.intersection(patterns)


def test_a_download_that_takes_too_long_is_named(
    answering_hub: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def download(_api: HfApi, _model: str, **_: object) -> str:
        ended.wait(SOON_S)
        return ""

    monkeypatch.setattr(HfApi, "snapshot_download", download)
    with pytest.raises(WeightsError, match=r"could not be downloaded .*what has arrived is kept"):
        base_folder("owner/known", endpoint=answering_hub, download_s=0.1)
    ended.set()
