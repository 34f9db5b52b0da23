"""Names this process in what it leaves elsewhere, so that a later one can tell what was left by a killed one."""

import hashlib
import os
import re

from tracking_plugin.process_identity import identify, this_machine

_NAME = re.compile(r"([0-9a-f]{8})-(\d{1,10})-(\d{1,20})")


def own_process_name() -> str:
    """Such as "0f3a99c1-4711-123456": the machine, the process, and when it started."""
    own = identify(os.getpid())
    assert own is not None  # this process runs
    return f"{_machine()}-{own.pid}-{own.started}"


def names_ended_process(text: str) -> bool:
    """Whether `text` begins with the name of a process of this machine that does not run any more."""
    found = _NAME.match(text)
    if found is None or found[1] != _machine():
        return False
    owner = identify(int(found[2]))
    return owner is None or owner.started != int(found[3])


def _machine() -> str:
    """A name of this start of this machine: containers may share a folder, but not the ids of processes."""
    return hashlib.blake2b(this_machine().encode(), digest_size=4).hexdigest()
