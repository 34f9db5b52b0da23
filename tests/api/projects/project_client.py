"""Calls the projects API as the axios client of the galaxy frontend does: same paths, forms and fields."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.servers import Server, fovea_server
from tests.waiting import until

HEADER = "age,height,smokes,visits,outcome\n"
TABLE = HEADER + "".join(
    f"{20 + row % 40},{1.5 + row % 37 / 100:.2f},{'yes' if row % 3 else 'no'},{row % 7},"
    f"{'ill' if row % 5 < 2 else 'well'}\n"
    for row in range(60)
)
UNCLEAR = "a,b,c\n" + "".join(f"{row % 3},{row % 2},{row % 5}\n" for row in range(40))
"""A table of which no column is more likely to be the target than others."""
DESCRIPTION = "Predict the outcome of each patient"
ENDS = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class ProjectClient:
    """`http` has the base URL `…/api/v1`, as `VITE_API_URL` names it."""

    http: httpx.Client
    server: Server

    def post(
        self, content: bytes | str = TABLE, name: str = "patients.csv", **fields: str
    ) -> httpx.Response:
        form = {"problem_description": DESCRIPTION, **fields}
        data = content.encode() if isinstance(content, str) else content
        return self.http.post("/projects", data=form, files={"file": (name, data)})

    def create(
        self, content: bytes | str = TABLE, name: str = "patients.csv", **fields: str
    ) -> Any:
        response = self.post(content, name, **fields)
        assert response.status_code == 201, response.text
        return response.json()

    def get(self, project_id: str) -> Any:
        response = self.http.get(f"/projects/{project_id}")
        assert response.status_code == 200, response.text
        return response.json()

    def progress(self, project_id: str) -> Any:
        return self.http.get(f"/projects/{project_id}/progress").json()

    def answer(self, project_id: str, question_id: str, answer: str) -> httpx.Response:
        body = {"id": question_id, "answer": answer}
        return self.http.post(f"/projects/{project_id}/answer", json=body)

    def until_status(self, project_id: str, *statuses: str) -> Any:
        def reached() -> Any:
            found = self.get(project_id)
            return found if found["status"] in statuses else None

        return until(reached, f"the status {statuses}")

    def delete(self, project_id: str, *, stop: bool = False) -> httpx.Response:
        return self.http.delete(f"/projects/{project_id}", params={"stop": stop} if stop else {})

    def folders(self) -> set[str]:
        """The names of the folders of uploads in the server's data folder."""
        root = self.server.data_dir / "projects"
        return {path.name for path in root.iterdir()} if root.is_dir() else set()


@contextmanager
def served(
    data_dir: Path, environment: Mapping[str, str], port: int | None = None
) -> Iterator[ProjectClient]:
    """A server of its own on the folder, with a client."""
    with (
        fovea_server(data_dir, environment=environment, port=port) as server,
        httpx.Client(base_url=f"{server.url}/api/v1", timeout=60) as http,
    ):
        yield ProjectClient(http, server)


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Status and code of an error, whose body has the fields that the frontend reads."""
    body = response.json()
    assert {"error", "error_code", "details", "timestamp", "request_id"} <= body.keys(), body
    assert "Traceback" not in json.dumps(body)
    return response.status_code, body["error_code"]
