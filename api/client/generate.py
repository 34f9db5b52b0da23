"""Generates the blocking client from the asynchronous one.

    python -m api.client.generate [--check]

writes the files, or with --check fails if they are not current.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent

TARGETS: Mapping[str, str] = {
    "async_client.py": "blocking_client.py",
    "async_http.py": "blocking_http.py",
    "async_projects.py": "blocking_projects.py",
    "async_run_table.py": "blocking_run_table.py",
    "async_training_inputs.py": "blocking_training_inputs.py",
}

_HEADER = """\
# Generated from {source} by `python -m api.client.generate`: change that file instead.
"""
_WORDS: Mapping[str, str] = {
    "AsyncClient": "Client",
    "AsyncFoveaClient": "FoveaClient",
    "AsyncHttp": "BlockingHttp",
    "AsyncMessages": "Messages",
    "AsyncProjects": "Projects",
    "AsyncRunTable": "RunTable",
    "AsyncTrainingInputs": "TrainingInputs",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "aclose": "close",
    "aclosing": "closing",
    "async_http": "blocking_http",
    "async_projects": "blocking_projects",
    "async_run_table": "blocking_run_table",
    "async_training_inputs": "blocking_training_inputs",
    "follow_async": "follow",
}
_KEYWORD = re.compile(r"\b(?:async (?=def|for|with)|await )")
_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b")


def blocking_source(source: str, name: str) -> str:
    """The blocking form of `source`, the text of the asynchronous file `name`."""
    text = _WORD.sub(lambda word: _WORDS[word[0]], _KEYWORD.sub("", source))
    return _formatted(_HEADER.format(source=name) + text)


def outdated_files() -> list[str]:
    """The generated files whose text is not what their source yields now."""
    return [target for name, target in TARGETS.items() if _read(target) != _generated(name)]


def write_files() -> None:
    for name, target in TARGETS.items():
        (FOLDER / target).write_text(_generated(name))


def _generated(name: str) -> str:
    return blocking_source(_read(name), name)


def _read(name: str) -> str:
    path = FOLDER / name
    return path.read_text() if path.exists() else ""


def _formatted(text: str) -> str:
    """Shorter words make shorter lines, and other names sort differently."""
    for command in (["check", "--quiet", "--select", "I", "--fix"], ["format", "--quiet"]):
        text = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", FOLDER / "x.py", "-"],
            input=text,
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        ).stdout
    return text


def main() -> None:
    if "--check" not in sys.argv[1:]:
        write_files()
    elif outdated := outdated_files():
        sys.exit(
            f"{', '.join(outdated)} in {FOLDER}: not what the asynchronous client yields now; "
            "run `python -m api.client.generate`"
        )


if __name__ == "__main__":
    main()
