"""Bad inputs of the `fovea` command: one sentence each, and an exit code other than 0."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from api.cli.main import main
from tests.ports import LOOPBACK, free_port

Fovea = Callable[..., tuple[int, str]]


@pytest.fixture
def fovea(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Fovea:
    """Runs the command in this process; returns its exit code and its standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["fovea", *arguments])
        with pytest.raises(SystemExit) as exited:
            main()
        assert isinstance(exited.value.code, int)
        return exited.value.code, capsys.readouterr().err

    return run


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_a_bad_port_is_named(fovea: Fovea, port: str) -> None:
    code, message = fovea("serve", f"--port={port}")

    assert code == 2
    assert "--port" in message


def test_a_port_in_use_is_named(fovea: Fovea) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]

        for command in ["serve", "demo"]:
            code, message = fovea(command, f"--port={port}")
            assert code == 1
            assert message.startswith(f"fovea: Port {port} on 127.0.0.1 is in use")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_may_connect_only_with_insecure(fovea: Fovea, host: str) -> None:
    code, message = fovea("serve", "--host", host)

    assert code == 1
    assert "--insecure" in message


def test_an_address_of_another_machine_is_refused(fovea: Fovea) -> None:
    code, message = fovea("serve", "--host", "192.0.2.77", "--insecure")

    assert code == 1
    assert "cannot listen on 192.0.2.77" in message


def test_an_invalid_host_is_named(fovea: Fovea) -> None:
    code, message = fovea("serve", "--host", "no such host")

    assert code == 1
    assert "no such host is no address" in message


def test_a_data_directory_that_is_a_file_is_named(
    fovea: Fovea, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FOVEA_DATA_DIR", str(tmp_path / "file"))

    code, message = fovea("serve")

    assert code == 1
    assert f"{tmp_path / 'file'} cannot be written to" in message
    assert "FOVEA_DATA_DIR" in message


def test_a_bad_setting_is_named(fovea: Fovea, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_OWNER_PID", "somebody")

    code, message = fovea("serve")

    assert code == 1
    assert "FOVEA_OWNER_PID" in message
    assert "'somebody'" in message


def test_demo_names_a_missing_folder(fovea: Fovea, tmp_path: Path) -> None:
    code, message = fovea("demo", "--port", "59999", "--data", str(tmp_path / "absent"))

    assert code == 1
    assert f"{tmp_path / 'absent'} is not a folder" in message


@pytest.mark.parametrize("command", [["status"], ["status", "some-run"], ["watch"]])
def test_an_unreachable_server_is_one_sentence(fovea: Fovea, command: list[str]) -> None:
    url = f"http://{LOOPBACK}:{free_port()}"

    code, message = fovea(*command, "--url", url)

    assert code == 1
    assert message.startswith(f"fovea: No server answers at {url}")
    assert message.count("\n") == 1


def test_an_invalid_address_is_named(fovea: Fovea) -> None:
    code, message = fovea("watch", "--url", "fovea.example")

    assert code == 1
    assert "'fovea.example' is not an address of a server" in message
