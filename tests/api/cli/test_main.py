"""Bad inputs of the `fovea` command: one sentence each, and an exit code other than 0."""

import socket
from pathlib import Path

import pytest
import typer

from api.cli.main import FILES, build_app
from tests.api.cli.conftest import Fovea
from tests.ports import LOOPBACK, free_port


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_a_bad_port_is_named(fovea: Fovea, port: str) -> None:
    result = fovea("serve", f"--port={port}")

    assert result.code == 2
    assert "--port" in result.err


def test_a_port_in_use_is_named(fovea: Fovea) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]

        for command in ["serve", "demo"]:
            result = fovea(command, f"--port={port}")
            assert result.code == 1
            assert result.err.startswith(f"fovea: Port {port} on 127.0.0.1 is in use")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_may_connect_only_with_insecure(fovea: Fovea, host: str) -> None:
    result = fovea("serve", "--host", host)

    assert result.code == 1
    assert "--insecure" in result.err


def test_an_address_of_another_machine_is_refused(fovea: Fovea) -> None:
    result = fovea("serve", "--host", "192.0.2.77", "--insecure")

    assert result.code == 1
    assert "cannot listen on 192.0.2.77" in result.err


def test_an_invalid_host_is_named(fovea: Fovea) -> None:
    result = fovea("serve", "--host", "no such host")

    assert result.code == 1
    assert "no such host is no address" in result.err


def test_a_data_directory_that_is_a_file_is_named(
    fovea: Fovea, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FOVEA_DATA_DIR", str(tmp_path / "file"))

    result = fovea("serve")

    assert result.code == 1
    assert f"{tmp_path / 'file'} cannot be written to" in result.err
    assert "FOVEA_DATA_DIR" in result.err


def test_a_bad_setting_is_named(fovea: Fovea, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_OWNER_PID", "somebody")

    result = fovea("serve")

    assert result.code == 1
    assert "FOVEA_OWNER_PID" in result.err
    assert "'somebody'" in result.err


def test_demo_names_a_missing_folder(fovea: Fovea, tmp_path: Path) -> None:
    result = fovea("demo", "--port", "59999", "--data", str(tmp_path / "absent"))

    assert result.code == 1
    assert f"{tmp_path / 'absent'} is not a folder" in result.err


@pytest.mark.parametrize("command", [["status"], ["status", "some-run"], ["watch"]])
def test_an_unreachable_server_is_one_sentence(fovea: Fovea, command: list[str]) -> None:
    url = f"http://{LOOPBACK}:{free_port()}"

    result = fovea(*command, "--url", url)

    assert result.code == 1
    assert result.err.startswith(f"fovea: No server answers at {url}")
    assert result.err.count("\n") == 1


def test_an_invalid_address_is_named(fovea: Fovea) -> None:
    result = fovea("watch", "--url", "fovea.example")

    assert result.code == 1
    assert "'fovea.example' is not an address of a server" in result.err


def test_every_command_is_found_in_its_file_alone() -> None:
    assert set(typer.main.get_group(build_app([])).commands) == set(FILES)
    for name, file in FILES.items():
        alone = typer.main.get_group(build_app([name]))
        assert set(alone.commands) == {other for other, its in FILES.items() if its == file}


def test_help_names_all_commands(fovea: Fovea) -> None:
    result = fovea("--help")

    assert result.code == 0
    assert all(name in result.out for name in FILES)


def test_an_unknown_command_is_named(fovea: Fovea) -> None:
    result = fovea("sttaus")

    assert result.code == 2
    assert "No such command 'sttaus'" in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        *(["pause", "--timeout", it] for it in ("nan", "inf", "-1", "1e300")),
        *(["status", "--limit", it] for it in ("0", "-1", "nan", "9" * 30)),
        *(["serve", "--workers", it] for it in ("0", "inf", "9" * 30)),
        *(["train", "--workers", it] for it in ("0", "nan", "9" * 30)),
        *(["demo", "--epochs", it] for it in ("0", "inf", "9" * 30)),
    ],
)
def test_every_number_is_finite_and_in_a_range(fovea: Fovea, arguments: list[str]) -> None:
    result = fovea(*arguments)

    assert result.code == 2
    assert arguments[1] in result.err
