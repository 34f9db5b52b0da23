"""The generated stubs are current, and the messages keep what was released."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from serving import generate_stubs

ROOT = Path(__file__).parents[2]
BUF = Path(sys.executable).parent / "buf"
PROTO = "serving/v1/diagnosis.proto"
PREDICTIONS = "serving/v1/predictions.proto"
RELEASED = "serving/v1/released.binpb"


def buf(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BUF), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """What buf reads, in a folder of its own without a history."""
    (tmp_path / PROTO).parent.mkdir(parents=True)
    for name in ("buf.yaml", PROTO, PREDICTIONS, RELEASED):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_stubs_are_those_of_the_proto_file() -> None:
    assert generate_stubs.main(["--check"]) == 0


def test_a_stub_that_is_not_current_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / PROTO).parent.mkdir(parents=True)
    text = (
        (ROOT / PROTO)
        .read_text()
        .replace("message HealthRequest {}", "message HealthRequest { bool new = 1; }")
    )
    (tmp_path / PROTO).write_text(text)
    shutil.copy(ROOT / PREDICTIONS, tmp_path / PREDICTIONS)
    monkeypatch.setattr(generate_stubs, "ROOT", tmp_path)
    assert generate_stubs.main([]) == 0
    assert generate_stubs.main(["--check"]) == 0
    stub = tmp_path / "serving/v1/diagnosis_pb2.py"
    stub.write_text(stub.read_text() + "# edited\n")

    assert generate_stubs.main(["--check"]) == 1
    assert "serving/v1/diagnosis_pb2.py is not current" in capsys.readouterr().err


def test_the_messages_pass_the_linter_and_keep_what_was_released(copied: Path) -> None:
    for arguments in (["lint"], ["breaking", "--against", RELEASED]):
        checked = buf(copied, *arguments)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  string model_used = 1;", "  string model = 1;"),
        ("  bool is_healthy = 1;", "  string is_healthy = 1;"),
        ("  rpc Health(HealthRequest) returns (HealthResponse);", ""),
    ],
)
def test_a_breaking_change_is_refused(copied: Path, old: str, new: str) -> None:
    text = (copied / PROTO).read_text()
    assert text.count(old) == 1
    (copied / PROTO).write_text(text.replace(old, new))

    assert buf(copied, "breaking", "--against", RELEASED).returncode != 0
