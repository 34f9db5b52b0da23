"""Generates the gRPC stubs from the `.proto` files of `serving/v1`; run it after every change of one.

`python -m serving.generate_stubs` writes them, `--check` only compares. `api` has a copy of the
messages, because it must not import `serving`.
"""

import sys
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parent.parent
FOLDER = "serving/v1"
COPIES: Mapping[str, str] = {"diagnosis": "api/diagnosis/v1", "predictions": "api/predictions/v1"}
"""Where `api` has the messages of each `.proto` file."""


def generate() -> dict[Path, str]:
    """The text of every stub by its path, relative to the root of the repository."""
    return {path: text for name, copy in COPIES.items() for path, text in _stubs(name, copy)}


def _stubs(name: str, copy: str) -> list[tuple[Path, str]]:
    proto = f"{FOLDER}/{name}.proto"
    messages = (f"{name}_pb2.py", f"{name}_pb2.pyi")
    with tempfile.TemporaryDirectory(prefix="fovea-stubs-") as folder:
        code = protoc.main(
            [
                "protoc",
                f"--proto_path={ROOT}",
                f"--proto_path={files('grpc_tools') / '_proto'}",
                f"--python_out={folder}",
                f"--pyi_out={folder}",
                f"--grpc_python_out={folder}",
                proto,
            ]
        )
        if code != 0:
            raise SystemExit(f"protoc cannot read {proto}; its message stands above.")
        texts = {path.name: path.read_text() for path in (Path(folder) / FOLDER).iterdir()}
    written = {FOLDER: (*messages, f"{name}_pb2_grpc.py"), copy: messages}
    return [(Path(to) / stub, texts[stub]) for to, stubs in written.items() for stub in stubs]


def main(arguments: list[str]) -> int:
    """Write the stubs, or with `--check` say which of them are not current."""
    stubs = generate()
    if arguments == ["--check"]:
        stale = [path for path, text in stubs.items() if _read(ROOT / path) != text]
        for path in stale:
            print(f"{path} is not current: run python -m serving.generate_stubs", file=sys.stderr)
        return 1 if stale else 0
    for path, text in stubs.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text)
    return 0


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
