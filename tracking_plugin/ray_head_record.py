"""The file by which a server finds the Ray head that an earlier one has started: address, token and process."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from tracking_plugin.private_files import UnsafeFileError, open_private
from tracking_plugin.process_identity import ProcessIdentity, identify, this_machine

_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class HeadRecord:
    """`address` is empty while the head starts or ends; `pid` is that of the process that supervises it."""

    pid: int
    started: int
    machine: str
    folder: str = ""
    address: str = ""
    token: str = field(default="", repr=False)

    @property
    def is_ready(self) -> bool:
        return bool(self.address and self.token)

    @property
    def is_of_this_machine(self) -> bool:
        return self.machine == this_machine()

    @property
    def is_process_alive(self) -> bool:
        """Whether the process that wrote the record still runs; its id may belong to another by now."""
        written = ProcessIdentity(pid=self.pid, started=self.started, machine=self.machine)
        return identify(self.pid) == written


def write_record(path: Path, record: HeadRecord) -> None:
    """Replace the file at once, so that no reader sees half of it."""
    new = path.with_name(f"{path.name}.new")
    descriptor = open_private(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(record), file)
    new.replace(path)


def read_record(path: Path) -> HeadRecord | None:
    """None if there is none, or if it cannot be trusted: not a file of this user, or not in this form."""
    try:
        descriptor = open_private(path, os.O_RDONLY)
    except (FileNotFoundError, UnsafeFileError):
        return None
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        text = file.read(_MAX_BYTES)
    # TypeError: no object, or one with other fields.
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        found = json.loads(text)
        record = HeadRecord(**found)
        if all(type(getattr(record, each.name)) is each.type for each in fields(HeadRecord)):
            return record
    return None
