"""Images arrive whole or are refused, and leave no file, also when the client goes."""

import http.client
import os
from pathlib import Path

import httpx
import pytest

from api.diagnosis.v1 import diagnosis_pb2 as v1
from tests.api.diagnosis.fake_service import FakeService, Received, diagnosed
from tests.api.routes.diagnosis.calls import MAX_UPLOAD_BYTES, PATIENT, post
from tests.ports import LOOPBACK
from tests.servers import Server
from tests.waiting import until


def test_a_large_image_arrives_whole_and_leaves_no_file(
    server: Server, service: FakeService
) -> None:
    volume = os.urandom(1024) * (30 * 1024)
    folder = server.data_dir.parent
    before = files_below(folder)
    while_answering = []

    def look(received: Received) -> v1.Diagnosis:
        while_answering.append(files_below(folder))
        return diagnosed(received)

    service.answer = look
    assert post(server, "dicom/diagnose", (f"{PATIENT}.dcm", volume)).status_code == 200

    assert service.received[0].contents == [volume]
    assert PATIENT not in str(service.received[0].files)
    # Nothing has a name that a kill -9 could leave behind.
    assert while_answering[0] - before == set()
    until(lambda: open_temporary_files(server) == 0, "the end of the temporary file")


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and ".db" not in path.name}


def open_temporary_files(server: Server) -> int:
    descriptors = Path(f"/proc/{server.process.pid}/fd")
    links = []
    for each in descriptors.iterdir():
        try:
            links.append(str(each.readlink()))
        except FileNotFoundError:
            continue
    return sum("(deleted)" in link and str(server.data_dir.parent) in link for link in links)


@pytest.mark.parametrize("path", ["dicom/diagnose", "dicom/upload", "dicom/batch"])
def test_a_body_over_the_limit_is_refused(server: Server, service: FakeService, path: str) -> None:
    too_much = b"0" * (MAX_UPLOAD_BYTES + 1)

    refused = post(server, path, (f"{PATIENT}.dcm", too_much))

    assert refused.status_code == 413
    assert "FOVEA_MAX_UPLOAD_BYTES" in refused.json()["error"]
    assert PATIENT not in refused.text
    assert service.received == []


def test_other_routes_keep_their_smaller_limit(server: Server) -> None:
    note = {"verdict": "agree", "note": "x" * 2 * 1024**2}
    refused = httpx.post(f"{server.url}/api/v1/dicom/feedback/unknown", json=note)
    assert refused.status_code == 413


def test_a_client_that_goes_ends_the_work_for_it(server: Server, service: FakeService) -> None:
    service.answer = service.hold
    boundary = "b"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n1\r\n'
        f"--{boundary}--\r\n"
    )
    connection = http.client.HTTPConnection(LOOPBACK, server.port)
    content_type = f"multipart/form-data; boundary={boundary}"
    connection.request(
        "POST", "/api/v1/dicom/diagnose", body, headers={"Content-Type": content_type}
    )
    request_id = service.begun.get(timeout=60)

    connection.close()

    assert service.cancelled.get(timeout=60) == request_id
    until(lambda: open_temporary_files(server) == 0, "the end of the temporary file")
    service.released.set()


def test_a_client_that_goes_during_its_upload_leaves_nothing(
    server: Server, service: FakeService
) -> None:
    connection = http.client.HTTPConnection(LOOPBACK, server.port)
    connection.putrequest("POST", "/api/v1/dicom/diagnose")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(20 * 1024**2))
    connection.endheaders()
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    connection.send(start + b"0" * 8 * 1024**2)
    until(lambda: open_temporary_files(server) > 0, "the temporary file")

    connection.close()

    until(lambda: open_temporary_files(server) == 0, "the end of the temporary file")
    assert service.received == []
