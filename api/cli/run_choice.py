"""Finds the run that a command names by its id, the beginning of its id, or its name."""

import re
from http import HTTPStatus

from api.client import FoveaClient
from api.client.refusals import RequestRefusedError
from api.errors import ApiError
from api.pages import Listed
from api.runs.schemas import RunSummary
from tracking_plugin.mlflow_status import ACTIVE_STATUSES
from tracking_plugin.printable import printable

SHORT_ID_LENGTH = 8
"""The length of ids in tables; commands accept any beginning of an id that only one run has."""

_RUN_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_BEGINNING = re.compile(r"[0-9a-f]{1,31}", re.IGNORECASE)
_MAX_SEARCHED = 1000
_PAGE = 1000
"""The largest page that the server gives."""


class RunChoiceError(ApiError):
    """The given name fits no run, or several."""


def active_runs(client: FoveaClient, limit: int) -> list[RunSummary]:
    """Runs that have not ended, the newest first."""
    found = [
        run
        for status in ACTIVE_STATUSES
        for run in newest_runs(client, limit, status=status).entries
    ]
    return sorted(found, key=_started, reverse=True)[:limit]


def newest_runs(
    client: FoveaClient, limit: int, *, status: str | None = None
) -> Listed[RunSummary]:
    """The newest runs, at most `limit`, of as many pages as that needs; and how many there are."""
    found: list[RunSummary] = []
    while True:
        size = min(_PAGE, limit - len(found))
        page = client.runs(status=status, limit=size, offset=len(found) or None)
        found += page.entries
        if len(page.entries) < size or len(found) >= min(limit, page.total):
            return Listed(found, max(page.total, len(found)))


def resolve_run(client: FoveaClient, name: str | None) -> str:
    """The id of the run that `name` names; without a name, of the newest active run but evaluations."""
    if name is None:
        return _newest_active(client)
    if _RUN_ID.fullmatch(name):
        # The server refuses the id if there is no such run.
        return client.latest(name.lower()).run_id
    newest = newest_runs(client, _MAX_SEARCHED)
    called = next((run.run_id for run in newest.entries if run.run_name == name), None)
    found = called or _beginning_with(client, newest, name)
    if found is None:
        raise RunChoiceError(
            f"None of the {len(newest.entries)} newest runs has the id or the name "
            f"{printable(name)!r}: `fovea status --all` lists runs"
        )
    return found


def _beginning_with(client: FoveaClient, newest: Listed[RunSummary], beginning: str) -> str | None:
    """The only run whose id begins so; None if there is none. Raises RunChoiceError if several do."""
    if not _BEGINNING.fullmatch(beginning):
        return None
    ids = [run.run_id for run in newest.entries if run.run_id.startswith(beginning.lower())]
    if len(ids) > 1:
        raise RunChoiceError(
            f"{len(ids)} runs have an id that begins with {beginning!r}: give more characters of it"
        )
    if newest.total == len(newest.entries):
        return next(iter(ids), None)
    # An older run may have such an id, too.
    try:
        return client.latest(beginning).run_id
    except RequestRefusedError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        if error.status == HTTPStatus.CONFLICT:
            raise RunChoiceError(str(error)) from None
        raise


def _newest_active(client: FoveaClient) -> str:
    for run in active_runs(client, limit=_MAX_SEARCHED):
        if run.evaluated_run is None:
            return run.run_id
    raise RunChoiceError(
        f"No run is active at {client.address.url}: name one, `fovea status` lists them"
    )


def _started(run: RunSummary) -> float:
    return run.start_time.timestamp() if run.start_time is not None else 0.0
