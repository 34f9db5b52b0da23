"""A process that sends messages to one service through Apprise; api.notify.delivery_process starts it.

It is a separate process because a service may hang where no time limit applies: in the resolution of a
name, or in an answer that arrives byte by byte. It imports nothing from the server.
"""

import json
import os
import re
import signal
import sys
from collections.abc import Mapping
from typing import TextIO

import apprise

_MIN_SECRET_CHARS = 4
_MAX_ERROR_CHARS = 300


def main() -> None:
    """Read lines of JSON: the service's URL, then messages. Answer each with an error or null."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    # The output of plug-ins must not mix with the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # On Ctrl-C in its terminal, the server waits for running deliveries and then ends this process.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    url = json.loads(sys.stdin.readline())
    service = service_at(url)
    _answer(answers, None if service else "Apprise does not accept the URL")
    for line in sys.stdin:
        assert service is not None
        _answer(answers, redacted(send(service, json.loads(line)), url))


def service_at(url: str) -> apprise.NotifyBase | None:
    """The service truncates messages that are too long for it, unless the URL says otherwise.

    Otherwise a long message would be refused at every attempt. The worst alerts come first in it.
    """
    service = apprise.Apprise.instantiate(url, asset=apprise.AppriseAsset(app_id="Fovea"))
    if service is not None and "overflow=" not in url:
        service.overflow_mode = apprise.OverflowMode.TRUNCATE
    return service


def send(service: apprise.NotifyBase, message: Mapping[str, str]) -> str | None:
    """The reason why the service did not accept the message; None if it did."""
    # A message may be sent twice; with this key, the receiver can recognise it.
    if isinstance(headers := getattr(service, "headers", None), dict):
        headers["Idempotency-Key"] = message["id"]
    # A pager keeps one incident per run, unless its URL says otherwise.
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
    messages = [entry.message for entry in result.logs()]
    return messages[-1] if messages else "The service did not accept the message"


def redacted(error: str | None, url: str) -> str | None:
    """`error` without any part of the URL, which contains keys, passwords and addresses."""
    if error is None:
        return None
    for part in re.split(r"[^\w.~%-]+", url.partition("://")[2]):
        if len(part) >= _MIN_SECRET_CHARS:
            error = error.replace(part, "****")
    return error[:_MAX_ERROR_CHARS]


def _answer(answers: TextIO, error: str | None) -> None:
    json.dump(error, answers)
    answers.write("\n")


if __name__ == "__main__":
    main()
