"""Generates the gRPC stubs from `serving/v1/diagnosis.proto`; run it after every change of that file.

`python -m serving.generate_stubs` writes them, `--check` only compares. `api` has a copy of the
messages, because it must not import `serving`.
"""

import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parent.parent
PROTO = "serving/v1/diagnosis.proto"
MESSAGES = ("diagnosis_pb2.py", "diagnosis_pb2.pyi")
FOLDERS = {
    "serving/v1": (*MESSAGES, "diagnosis_pb2_grpc.py"),
    "api/diagnosis/v1": MESSAGES,
}


def generate() -> dict[Path, str]:
    """The text of every stub by its path, relative to the root of the repository."""
    with tempfile.TemporaryDirectory(prefix="fovea-stubs-") as folder:
        code = protoc.main(
            [
                "protoc",
                f"--proto_path={ROOT}",
                f"--proto_path={files('grpc_tools') / '_proto'}",
                f"--python_out={folder}",
                f"--pyi_out={folder}",
                f"--grpc_python_out={folder}",
                PROTO,
            ]
        )
        if code != 0:
            raise SystemExit(f"protoc cannot read {PROTO}; its message stands above.")
        made = Path(folder) / Path(PROTO).parent
        texts = {path.name: path.read_text() for path in made.iterdir()}
    return {Path(to) / name: texts[name] for to, names in FOLDERS.items() for name in names}


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
