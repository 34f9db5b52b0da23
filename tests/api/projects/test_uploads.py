"""Uploads that cannot be used are refused with a code of the frontend, and leave nothing behind."""

import http.client
import io
import zipfile
from pathlib import Path

import psutil
import pytest
from mlflow import MlflowClient

from tests.api.projects.conftest import MAX_UPLOAD_BYTES
from tests.api.projects.project_client import HEADER, TABLE, ProjectClient, refusal
from tests.ports import LOOPBACK
from tests.waiting import until

ROWS = TABLE.removeprefix(HEADER)


def archive(*names: str, content: bytes = b"x") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, content)
    return packed.getvalue()


def left_behind(projects: ProjectClient) -> tuple[set[str], int, int]:
    """Folders of uploads, experiments, and child processes that inspect."""
    experiments = MlflowClient(projects.server.url).search_experiments(max_results=1000)
    children = psutil.Process(projects.server.process.pid).children(recursive=True)
    inspecting = [it for it in children if "training.tables.inspect" in it.cmdline()]
    return projects.folders(), len(experiments), len(inspecting)


REFUSED = {
    "empty": (b"", 422, "VALIDATION_ERROR"),
    "header only": (HEADER.encode(), 422, "VALIDATION_ERROR"),
    "one row": (f"{HEADER}1,2,yes,3,ill\n".encode(), 422, "VALIDATION_ERROR"),
    "one class": (TABLE.replace("well", "ill").encode(), 422, "VALIDATION_ERROR"),
    "quotes never closed": (f'{HEADER}"{ROWS}'.encode(), 422, "VALIDATION_ERROR"),
    "a NUL byte": (HEADER.encode() + b"1,2,\x00,4,ill\n" + ROWS.encode(), 422, "VALIDATION_ERROR"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(2000), 415, "INVALID_FILE_TYPE"),
    "a program": (b"\x7fELF" + bytes(2000), 415, "INVALID_FILE_TYPE"),
    "a damaged archive": (b"PK\x03\x04" + bytes(200), 422, "VALIDATION_ERROR"),
    "an archive that leads out": (archive("../a/b.png", "a/c.png"), 422, "VALIDATION_ERROR"),
    "an absolute path": (archive("/a/b.png", "a/c.png"), 422, "VALIDATION_ERROR"),
    "a zip bomb": (archive("a/b.png", "b/b.png", content=bytes(2**25)), 413, "FILE_TOO_LARGE"),
    "one class of images": (archive("a/b.png", "a/c.png"), 422, "VALIDATION_ERROR"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_used_is_refused(projects: ProjectClient, name: str) -> None:
    content, status, code = REFUSED[name]
    before = left_behind(projects)

    assert refusal(projects.post(content, "x.csv")) == (status, code)

    assert left_behind(projects) == before


def test_a_file_over_the_limit_is_refused_while_it_arrives(projects: ProjectClient) -> None:
    before = left_behind(projects)
    too_much = TABLE.encode() + b"1" * MAX_UPLOAD_BYTES

    assert refusal(projects.post(too_much)) == (413, "FILE_TOO_LARGE")

    assert left_behind(projects) == before


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"problem_description": " "}, "problem_description"),
        ({"problem_description": "x" * 5000}, "problem_description"),
        ({"project_name": "x" * 300}, "project_name"),
        ({"answers": "["}, "answers"),
        ({"settings": '{"speed": 1}'}, "settings.speed"),
        ({"settings": '{"budget_s": -1}'}, "settings.budget_s"),
        ({"big": "x" * 70_000}, "big"),
    ],
)
def test_a_wrong_field_is_named(
    projects: ProjectClient, fields: dict[str, str], named: str
) -> None:
    before = projects.folders()

    refused = projects.post(**fields)

    assert refusal(refused) == (422, "VALIDATION_ERROR")
    assert f"body.{named}" in refused.json()["details"]
    assert projects.folders() == before


def test_a_form_without_a_file_or_without_a_form_is_refused(projects: ProjectClient) -> None:
    fields = {"problem_description": (None, "x")}
    requests = (
        {"files": fields},
        {"json": {"problem_description": "x"}},
        {
            "content": b"--b\r\nnonsense",
            "headers": {"Content-Type": "multipart/form-data; boundary=b"},
        },
        {"files": {**fields, "other": ("a.csv", TABLE)}},
        {"files": {"file": (None, TABLE), **fields}},
    )
    for request in requests:
        refused = projects.http.post("/projects", **request)  # type: ignore[arg-type]
        assert refusal(refused) == (422, "VALIDATION_ERROR"), refused.text
    assert projects.http.get("/projects", params={"limit": 0}).status_code == 422


def test_a_client_that_goes_leaves_no_upload(projects: ProjectClient) -> None:
    before = projects.folders()
    connection = http.client.HTTPConnection(LOOPBACK, projects.server.port)
    connection.putrequest("POST", "/api/v1/projects")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", "100000")
    connection.endheaders()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    connection.send(head + TABLE.encode())
    until(lambda: projects.folders() - before, "the folder of the upload")

    connection.close()

    until(lambda: projects.folders() == before, "the end of the folder")


def test_the_name_of_the_file_is_no_path(projects: ProjectClient) -> None:
    created = projects.create(
        TABLE, "../../etc/C:\\x\\pass\u202ewd.csv", problem_description="Look at the outcome"
    )

    assert created["dataset_info"]["dataset_name"] == "passwd.csv"
    folder = projects.server.data_dir / "projects" / created["project_id"]
    assert [path.name for path in folder.iterdir()] == ["upload"]
    assert (folder / "upload").read_text() == TABLE
    assert folder.stat().st_mode & 0o77 == (folder / "upload").stat().st_mode & 0o77 == 0
    assert Path(projects.server.log).read_text().count("20,1.50") == 0
