"""Inspects an upload in this process, whose memory and time are limited.

    python -m training.tables.inspect FILE --description "…" --answers '{"target": "price"}'
    python -m training.tables.inspect FILE --unpack FOLDER
    python -m training.tables.inspect NEW_FILE --join kepler=cumulative.csv tess=TOI.csv

The last one joins tables of an archive into the new file, and then prints the number of its rows.

Prints one line of JSON: the inspection, or `{"error": {"code": …, "message": …}}`. The exit status
is 0 in both cases; with another one, the process has failed.
"""

import argparse
import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.settings import TrainingSettings
from training.tables.errors import TableError
from training.tables.inspect.inspection import inspect_upload
from training.tables.inspect.unpacking import unpack_images
from training.tables.limits import TableLimits, limits_beside_streaming
from training.tables.missions import join_missions

MAX_CPU_S = 600
_OVERHEAD_BYTES = 3 * 2**30
"""Address space of Python, Arrow and SciPy, of which most is never used."""
_COPIES = 4
"""The file's columns, their types, and hashes of one column at a time."""
_PR_SET_PDEATHSIG = 1


def main() -> None:
    arguments = _parser().parse_args()
    memory_bytes = TrainingSettings().table_memory_bytes
    limits = limits_beside_streaming(memory_bytes)
    _end_with_parent()
    _limit_process(limits)
    try:
        answer = _answer(arguments, limits, memory_bytes)
    except TableError as error:
        answer = {"error": {"code": str(error.code), "message": str(error)}}
    except MemoryError:
        answer = _too_large()
    except OSError as error:
        answer = {"error": {"code": "STORAGE_FULL", "message": error.strerror or "The disk failed"}}
    print(json.dumps(answer, allow_nan=False), flush=True)


def _answer(
    arguments: argparse.Namespace, limits: TableLimits, memory_bytes: int
) -> Mapping[str, Any]:
    file = Path(arguments.file)
    if arguments.unpack:
        return unpack_images(file, Path(arguments.unpack), limits)
    if arguments.join:
        pairs = (pair.partition("=") for pair in arguments.join)
        files = {mission: Path(path) for mission, _, path in pairs}
        return {"num_rows": join_missions(files, file, limits)}
    answers = json.loads(arguments.answers)
    group, date = arguments.group or None, arguments.date or None
    return inspect_upload(
        file,
        arguments.description,
        answers,
        limits,
        group=group,
        date=date,
        memory_bytes=memory_bytes,
    )


def _too_large() -> Mapping[str, Any]:
    return {
        "error": {
            "code": "FILE_TOO_LARGE",
            "message": "The file needs more memory than the limit for an inspection. "
            "Upload fewer columns, or Parquet.",
        }
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.tables.inspect", description=__doc__)
    parser.add_argument("file", help="the uploaded file")
    parser.add_argument("--description", default="", help="what is to be predicted, in words")
    parser.add_argument("--answers", default="{}", help="JSON: the option chosen, by question id")
    parser.add_argument("--group", default="", help="column whose rows stay together")
    parser.add_argument("--date", default="", help="column by which rows are ordered in time")
    parser.add_argument("--unpack", default="", help="new folder for the images of an archive")
    parser.add_argument("--join", nargs="+", help="mission=FILE: tables to join into a new file")
    return parser


def _end_with_parent() -> None:
    """End this process and its children when it is told to, also by the death of its parent."""
    signal.signal(signal.SIGTERM, _end)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _end(*_: object) -> None:
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(128 + signal.SIGTERM)


def _limit_process(limits: TableLimits) -> None:
    for kind, value in (
        (resource.RLIMIT_AS, _COPIES * limits.max_memory_bytes + _OVERHEAD_BYTES),
        (resource.RLIMIT_CPU, MAX_CPU_S),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):
            # macOS knows no limit of address space, and a lower limit may be set already.
            continue


if __name__ == "__main__":
    main()
