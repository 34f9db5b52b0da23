"""A process that hands messages to one service, through Apprise; `courier` starts and ends it.

It is a process of its own because a service may hang where no time limit reaches: in a name that does
not resolve, in an answer that comes byte by byte. Nothing of the server is imported here.
"""

import json
import os
import re
import signal
import sys
from collections.abc import Mapping
from typing import TextIO

import apprise

_SHORTEST_SECRET = 4
_LONGEST_ERROR = 300


def main() -> None:
    """Lines of JSON: the service's URL, then messages; after each, what went wrong or null."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    # What a service's plug-in prints is no answer of ours.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # A Ctrl-C at the server's terminal is the server's to obey, which waits for what is on its way.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    url = json.loads(sys.stdin.readline())
    service = service_at(url)
    _answer(answers, None if service else "Apprise does not take the URL")
    for line in sys.stdin:
        assert service is not None
        _answer(answers, hidden(send(service, json.loads(line)), url))


def service_at(url: str) -> apprise.NotifyBase | None:
    """Cuts what is too long for it, unless the URL says otherwise.

    A message that is refused for its length would be refused for ever; the worst is its beginning.
    """
    service = apprise.Apprise.instantiate(url, asset=apprise.AppriseAsset(app_id="Fovea"))
    if service is not None and "overflow=" not in url:
        service.overflow_mode = apprise.OverflowMode.TRUNCATE
    return service


def send(service: apprise.NotifyBase, message: Mapping[str, str]) -> str | None:
    """Why the service did not take it; None where it did."""
    # Whoever gets a message twice can tell: nothing else makes sending exactly once.
    if isinstance(headers := getattr(service, "headers", None), dict):
        headers["Idempotency-Key"] = message["id"]
    # A pager keeps one incident for a run, where its URL does not say otherwise.
    if getattr(service, "dedup", "") is None:
        setattr(service, "dedup", f"fovea-{message['run_id']}")  # noqa: B010 - not all have one
    sender = apprise.Apprise()
    sender.add(service)
    result = sender.notify(
        title=message["title"],
        body=message["body"],
        notify_type=message["kind"],
        body_format=apprise.NotifyFormat.TEXT,
    )
    if result:
        return None
    said = [entry.message for entry in result.logs()]
    return said[-1] if said else "The service did not take the message"


def hidden(error: str | None, url: str) -> str | None:
    """`error` without any part of the URL: keys, passwords and addresses are in there."""
    if error is None:
        return None
    for part in re.split(r"[^\w.~%-]+", url.partition("://")[2]):
        if len(part) >= _SHORTEST_SECRET:
            error = error.replace(part, "****")
    return error[:_LONGEST_ERROR]


def _answer(answers: TextIO, error: str | None) -> None:
    json.dump(error, answers)
    answers.write("\n")


if __name__ == "__main__":
    main()
