"""Clients of a server are made from a ServerConnection: nothing else opens connections by itself."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ("api", "tracking_plugin", "training", "ui_extensions")

_CLIENT = re.compile(
    r"\bhttpx\.(?:Async)?Client\(|\bhttpx\.(?:get|post|request|stream)\(|\burlopen\(|\bbuild_opener\("
    r"|\brequests\.(?:get|post|request|Session)\("
)
_PARSER = re.compile(r"\burlsplit\(|\burlparse\(")

OF_A_SERVER = {
    "api/cli/model_registry.py",
    "api/client/async_http.py",
    "api/client/blocking_http.py",
}
OF_RAY = {
    "api/jobs/ray_jobs.py",
    "tracking_plugin/ray_head_supervisor.py",
    "tracking_plugin/ray_job_client.py",
}
OF_AN_OWN_SERVER = {"api/server/readiness.py"}
OF_AN_ARCHIVE = {"api/custom_training/archive.py"}

PARSERS = {
    "api/projects/experiments.py": "the folders in the path of an artifact store",
    "api/routes/jobs.py": "the host of a parsed address",
    "api/settings.py": "the URL of the bus",
    "tracking_plugin/project_backend.py": "whether a store is a folder",
    "tracking_plugin/ray_job_api.py": "the host of Ray's dashboard",
    "tracking_plugin/server_address.py": "the address of a server",
    "tracking_plugin/server_connection.py": "the host of a parsed address",
    "tracking_plugin/control_address.py": "the host of a parsed address",
    "training/checkpoints/location.py": "whether an artifact store is a folder",
}


def files_with(pattern: re.Pattern[str]) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts and pattern.search(path.read_text())
    }


def test_only_the_client_opens_connections_to_a_server() -> None:
    assert files_with(_CLIENT) == OF_A_SERVER | OF_RAY | OF_AN_OWN_SERVER | OF_AN_ARCHIVE


def test_only_one_file_parses_addresses_of_servers() -> None:
    assert files_with(_PARSER) == set(PARSERS)
