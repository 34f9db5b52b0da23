"""Whatever is uploaded, the answer is clear, and nothing is left of what is refused."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.entities import ViewType

from tests.api.client.fake_ray import FakeRay, training_server
from tests.api.projects.conftest import MAX_UPLOAD_BYTES
from tests.api.projects.hostile_files import HOSTILE, HostileFile, archive_of
from tests.api.projects.project_client import TABLE, ProjectClient, refusal
from tests.api.projects.test_uploads import REFUSED
from tests.training.tables.damaged_files import (
    ENCODINGS,
    TEXTS,
    VALUES,
    damaged,
    parquet_bytes,
    xlsx_bytes,
    zip_bytes,
)
from tests.waiting import until

REFUSALS = {(413, "FILE_TOO_LARGE"), (415, "INVALID_FILE_TYPE"), (422, "VALIDATION_ERROR")}
SECRETS = ("Traceback", "site-packages", str(Path(__file__).parents[3]), sys.prefix)
"""What no answer has; the server's data folder is added to them."""
AT_ONCE = 4
BATCH = 8
SOAK_UPLOAD_BYTES = 256 * 2**20

FILES = st.one_of(
    st.binary(max_size=400),
    st.builds(lambda text, encoding: text.encode(encoding, "replace"), TEXTS, ENCODINGS),
    st.lists(st.dictionaries(st.sampled_from(["a", "b", "é", ""]), VALUES), max_size=5).map(
        lambda rows: "\n".join(json.dumps(row) for row in rows).encode()
    ),
    *(damaged(content) for content in (TABLE.encode(), parquet_bytes(), xlsx_bytes(), zip_bytes())),
)


@dataclass(frozen=True)
class Left:
    """What uploads may leave behind."""

    folders: frozenset[str]
    experiments: frozenset[str]
    runs: frozenset[str]
    models: frozenset[str]
    processes: frozenset[int]


def left(projects: ProjectClient) -> Left:
    client = MlflowClient(projects.server.url)
    experiments = [
        it.experiment_id
        for it in client.search_experiments(view_type=ViewType.ALL, max_results=1000)
    ]
    runs = client.search_runs(experiments, run_view_type=ViewType.ALL, max_results=5000)
    return Left(
        folders=frozenset(projects.folders()),
        experiments=frozenset(experiments),
        runs=frozenset(run.info.run_id for run in runs),
        models=frozenset(it.name for it in client.search_registered_models(max_results=1000)),
        processes=frozenset(_inspecting(projects.server.data_dir)),
    )


def _inspecting(data_dir: Path) -> Iterator[int]:
    """Processes that read an upload, also those whose parent has ended."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or ()
        if "-m" in words and any(str(data_dir) in word for word in words):
            yield process.pid


def answered(projects: ProjectClient, file: HostileFile) -> httpx.Response:
    """The answer, which has nothing in it that is of no use to its reader."""
    response = projects.post(file.content, "upload", **file.fields)
    for secret in (*SECRETS, str(projects.server.data_dir)):
        assert secret not in response.text
    if response.status_code == 201:
        deleted = projects.delete(response.json()["project_id"], stop=True)
        assert deleted.status_code == 200, deleted.text
    else:
        body = response.json()
        assert refusal(response) in REFUSALS, body
        assert 20 < len(body["error"]) < 2000
        assert body["error"].isprintable()
    return response


def all_answered(projects: ProjectClient, files: Sequence[HostileFile]) -> list[httpx.Response]:
    """The answers to the files, several of which are sent at a time."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(lambda file: answered(projects, file), files))


@pytest.fixture
def nothing_left(projects: ProjectClient) -> Iterator[ProjectClient]:
    before = left(projects)
    yield projects
    until(lambda: left(projects) == before, "the end of all that was uploaded")


def test_what_is_wrong_with_a_file_is_said(nothing_left: ProjectClient) -> None:
    _send_named(nothing_left, HOSTILE)


def test_any_file_has_an_answer(nothing_left: ProjectClient) -> None:
    _send_any(nothing_left, num_files=24)


@pytest.mark.soak
def test_hundreds_of_files_leave_nothing_behind(nothing_left: ProjectClient) -> None:
    refused = {
        name: HostileFile(content=content, answer=(status, code))
        for name, (content, status, code) in REFUSED.items()
    }
    too_much = HostileFile(content=bytes(MAX_UPLOAD_BYTES + 1), answer=(413, "FILE_TOO_LARGE"))
    _send_named(nothing_left, {**HOSTILE, **refused, "too much": too_much})
    _send_any(nothing_left, num_files=320)


@pytest.mark.soak
def test_an_archive_of_a_million_files_is_refused(tmp_path: Path) -> None:
    environment = {"FOVEA_MAX_UPLOAD_BYTES": str(SOAK_UPLOAD_BYTES)}
    with training_server(tmp_path, FakeRay(), environment) as running:
        with httpx.Client(base_url=f"{running.url}/api/v1", timeout=120) as http:
            projects = ProjectClient(http, running.server)
            refused = answered(projects, HostileFile(content=archive_of(10**6)))
            assert refusal(refused) == (413, "FILE_TOO_LARGE")
            assert "200,000" in refused.text
            assert not projects.folders()
        assert "Traceback" not in running.server.log.read_text()


def _send_named(projects: ProjectClient, files: Mapping[str, HostileFile]) -> None:
    """Send the files. Raises AssertionError that names those that got another answer than they should."""
    responses = all_answered(projects, list(files.values()))
    pairs = zip(files.items(), responses, strict=True)
    differences = {name: _difference(file, response) for (name, file), response in pairs}
    assert not (wrong := {name: it for name, it in differences.items() if it}), wrong


def _send_any(projects: ProjectClient, *, num_files: int) -> None:
    """Send that many files that Hypothesis makes, several at a time; none is made smaller."""

    @settings(
        max_examples=num_files // BATCH,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(st.lists(FILES, min_size=BATCH, max_size=BATCH))
    def send(contents: list[bytes]) -> None:
        all_answered(projects, [HostileFile(content=it) for it in contents])

    send()


def _difference(file: HostileFile, response: httpx.Response) -> str:
    """What differs from the expected answer; empty if nothing does."""
    code = response.json().get("error_code", "")
    if (response.status_code, code) != file.answer:
        return f"expected {file.answer}, got {response.status_code}: {response.text[:500]}"
    absent = [text for text in file.says if text not in response.text.replace("\\", "")]
    return f"the answer does not say {absent}: {response.text[:2000]}" if absent else ""
