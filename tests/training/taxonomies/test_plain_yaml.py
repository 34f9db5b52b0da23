"""A YAML file of any content ends in bounded time, in values or in a sentence that quotes none of it."""

import os
import time
from pathlib import Path

import pytest

from training.errors import DataError
from training.taxonomies.plain_yaml import MAX_FILE_BYTES, parse_yaml, read_yaml
from training.taxonomies.taxonomy import load_taxonomy

LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


def refusal(content: bytes) -> str:
    with pytest.raises(DataError) as refused:
        parse_yaml(content, origin="file.yaml", expected="a taxonomy in YAML")
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LAUGHS, "more than 50,000 values"),
        (f"classes: &a [{'x, ' * 500}]\nmore: [{'*a, ' * 500}]", "more than 50,000 values"),
        ("&a [*a]", "more than 50,000 values"),
        ("[" * 60_000, "nested too deeply"),
        ("{a: " * 5_000, "nested too deeply"),
        ("- " * 30_000, "nested too deeply"),
        ("a: " * 5_000, "not YAML in line 1"),
        ("x: *undefined", "more than 50,000 values"),
        ("x: " + "9" * 5_000, "invalid"),
        ("x: !!timestamp soon", "invalid"),
        ("x: !!bool soon", "invalid"),
        ("x: !!int ''", "invalid"),
        ("\0", "invalid"),
        ("!!python/object/apply:os.system [ls]", "not YAML in line 1"),
        ("a: 1\nb: %secret", "not YAML in line 2"),
        ("--- a\n--- b", "not YAML"),
    ],
)
def test_a_document_that_is_no_small_plain_one_is_refused_within_a_second(
    content: str, reason: str
) -> None:
    begin = time.process_time()
    message = refusal(content.encode())
    assert time.process_time() - begin < 1
    assert reason in message
    assert message.startswith("file.yaml: expected a taxonomy in YAML, but ")
    assert len(message) < 200


def test_aliases_that_repeat_little_are_read() -> None:
    content = b"a: &a {modality: oct}\nb: [*a, *a]\nc: {<<: *a}"
    values = parse_yaml(content, origin="file.yaml", expected="values")
    assert values == {
        "a": {"modality": "oct"},
        "b": [{"modality": "oct"}] * 2,
        "c": {"modality": "oct"},
    }


SECRET = "root:$6$secretsalt$hash:19000:0:99999:7:::"


@pytest.mark.parametrize(
    "content",
    [
        f"{SECRET}\ndaemon:*:19000:0:99999:7:::\n".encode(),
        f"name: {SECRET}\n".encode(),
        b"password: secret",
        b"classes: secret",
        b"name: x\nclasses: [{name: secret, modality: secret}, {name: 'secret/', modality: oct}]",
        b"name: x\nclasses: [secret, secret]\ncritical_conditions: [{name: secret}]",
        b'{"token": "secret"}',
        b"[secret]\nkey = 'secret'\n",
        b"-----BEGIN PRIVATE KEY-----\nsecret\n",
        b"secret: %x",
        b"x: !!timestamp secret",
        b"!secret x",
        b"%secret x",
        b"a: *secret",
        b"{secret: 1, secret",
        b"secret\xff",
    ],
)
def test_the_error_about_any_file_quotes_nothing_of_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shadow"
    path.write_bytes(content)
    with pytest.raises(DataError) as refused:
        load_taxonomy(path)
    assert str(path) in str(refused.value)
    assert "secret" not in str(refused.value).replace(str(path), "")


def test_a_file_that_is_too_long_a_pipe_or_a_folder_is_refused_at_once(tmp_path: Path) -> None:
    long, pipe = tmp_path / "long", tmp_path / "pipe"
    long.write_bytes(b" " * (MAX_FILE_BYTES + 1))
    os.mkfifo(pipe)
    for path, reason in (
        (long, "longer"),
        (pipe, "no regular file"),
        (tmp_path, "no regular file"),
        (Path("/dev/zero"), "no regular file"),
        (tmp_path / "absent", "no such file"),
        (tmp_path / "\0", "no valid path"),
    ):
        with pytest.raises(DataError) as refused:
            read_yaml(path, expected="values")
        assert reason in str(refused.value).lower()


def test_errors_are_named_up_to_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(f"name: x\nclasses: [{'1, ' * 5000}]\n")
    with pytest.raises(DataError, match=r"classes\[19\].*; and more") as refused:
        load_taxonomy(path)
    assert len(str(refused.value)) < 5_000
