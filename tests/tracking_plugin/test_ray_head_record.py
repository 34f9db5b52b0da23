"""The record of a Ray head: only its owner reads it, and a stale or foreign one is never trusted."""

import json
import os
import stat
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tracking_plugin.process_identity import identify
from tracking_plugin.ray_head_record import HeadRecord, read_record, write_record


@pytest.fixture
def record() -> HeadRecord:
    """Of this process."""
    me = identify(os.getpid())
    assert me is not None
    return HeadRecord(
        pid=me.pid,
        started=me.started,
        machine=me.machine,
        folder="/tmp/fovea-ray-1",
        address="http://127.0.0.1:8265",
        token="secret",
    )


def test_a_record_is_read_as_it_was_written_and_hides_its_token(
    tmp_path: Path, record: HeadRecord
) -> None:
    path = tmp_path / "head.json"
    write_record(path, replace(record, address=""))
    write_record(path, record)
    assert read_record(path) == record
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["head.json"]
    assert "secret" not in repr(record)


def test_only_the_process_that_wrote_it_is_meant(record: HeadRecord) -> None:
    assert record.is_process_alive
    assert not replace(record, started=record.started - 1).is_process_alive, "the id was used again"
    assert not replace(record, machine="before a restart").is_process_alive
    assert not replace(record, pid=2**22 - 1).is_process_alive


def test_a_process_of_another_user_is_not_meant(
    record: HeadRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    assert not record.is_process_alive


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path, _: path.write_text(""),
        lambda path, _: path.write_text("[1]"),
        lambda path, text: path.write_text(text[:20]),
        lambda path, text: path.write_text(text.replace('"pid"', '"id"')),
        lambda path, text: path.write_text(json.dumps({**json.loads(text), "pid": "1"})),
        lambda path, text: path.write_text(json.dumps({**json.loads(text), "address": None})),
        lambda path, _: path.write_bytes(b"\xff\xfe\x00"),
        lambda path, _: path.write_text("[" * 6000),
        lambda path, _: path.write_text(" " * 100_000),
    ],
)
def test_a_file_in_another_form_is_no_record(
    tmp_path: Path, record: HeadRecord, spoil: Callable[[Path, str], object]
) -> None:
    path = tmp_path / "head.json"
    write_record(path, record)
    spoil(path, json.dumps(asdict(record)))
    assert read_record(path) is None


def test_a_link_is_no_record(tmp_path: Path, record: HeadRecord) -> None:
    write_record(tmp_path / "real", record)
    (tmp_path / "head.json").symlink_to(tmp_path / "real")
    assert read_record(tmp_path / "head.json") is None
    assert read_record(tmp_path / "none") is None
