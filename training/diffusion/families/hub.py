"""Fetches a base model from the Hugging Face hub, within a deadline."""

import queue
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from huggingface_hub import HfApi, constants
from huggingface_hub.errors import (
    GatedRepoError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from training.errors import WeightsError

HUB_ID = re.compile(r"[A-Za-z0-9_.-]{1,96}/[A-Za-z0-9_.-]{1,96}")
REACH_S = 10.0
"""How long the hub may take to answer at all."""
DOWNLOAD_S = 6 * 3600.0
"""How long the whole download may take."""
FILES = ("*.json", "*.txt", "*.model", "*.safetensors", "README.md", "LICENSE*", "LICENCE*")
"""Neither pickles nor code."""

_Result = TypeVar("_Result")


def base_folder(
    folder_or_id: str, *, endpoint: str | None = None, download_s: float = DOWNLOAD_S
) -> Path:
    """The local folder of a base model: the path itself, or the snapshot of `owner/name` on the hub.

    What exists as a path is a path. A model that was downloaded before is found again while the hub
    is out of reach. Raises WeightsError if the hub does not answer within REACH_S, does not have the
    model or does not give it, or if the download takes longer than `download_s`.
    """
    path = Path(folder_or_id).expanduser()
    if path.exists() or not HUB_ID.fullmatch(folder_or_id):
        return path
    api = HfApi(endpoint=endpoint)
    try:
        commit = _within(REACH_S, lambda: api.model_info(folder_or_id, timeout=REACH_S).sha)
    except (GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError) as error:
        raise WeightsError(_refused(folder_or_id, error)) from None
    except Exception as error:  # noqa: BLE001 - the library lets its client's errors through
        return _cached(api, folder_or_id, error)
    try:
        return _within(download_s, lambda: _snapshot(api, folder_or_id, commit))
    except Exception as error:  # noqa: BLE001 - as above, and the errors of the disk
        raise WeightsError(
            f"The base model {folder_or_id} could not be downloaded from the hub "
            f"({type(error).__name__}: {_first_line(error)}). Start again: what has arrived is kept."
        ) from None


def _snapshot(api: HfApi, model: str, commit: str | None, *, only_local: bool = False) -> Path:
    return Path(
        api.snapshot_download(
            model,
            revision=commit,
            allow_patterns=[pattern for file in FILES for pattern in (file, f"*/{file}")],
            etag_timeout=REACH_S,
            local_files_only=only_local,
        )
    )


def _cached(api: HfApi, model: str, error: Exception) -> Path:
    """The snapshot of an earlier download, after the hub could not be reached for `error`."""
    try:
        return _snapshot(api, model, None, only_local=True)
    except Exception:  # noqa: BLE001 - any reason means that it is not in the cache
        raise WeightsError(_unreachable(api, model, error)) from None


def _unreachable(api: HfApi, model: str, error: Exception) -> str:
    reason = (
        "HF_HUB_OFFLINE is set"
        if isinstance(error, OfflineModeIsEnabled)
        else f"{type(error).__name__}: {_first_line(error)}"
    )
    return (
        f"There is no folder {model}, and the hub {api.endpoint} cannot be reached to look for a "
        f"model of that name ({reason}); it is not in the cache {constants.HF_HUB_CACHE} either. "
        "Give the path of a local pipeline folder, or connect this machine."
    )


def _refused(model: str, error: Exception) -> str:
    if isinstance(error, GatedRepoError):
        return (
            f"The hub gives {model} only to those who accepted its licence: accept it on the model's "
            "page, and log in with `hf auth login`."
        )
    return (
        f"There is no folder {model}, and the hub has no public model of that name. Check the "
        "spelling, or log in with `hf auth login` if it is private."
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]


def _within(timeout_s: float, work: Callable[[], _Result]) -> _Result:
    """The result of `work`, in a thread that is left behind at the timeout. Raises TimeoutError."""
    results: queue.SimpleQueue[_Result | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put(work())
        except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
            results.put(error)

    threading.Thread(target=run, name="hub", daemon=True).start()
    try:
        result = results.get(timeout=timeout_s)
    except queue.Empty:
        raise TimeoutError(f"no answer within {timeout_s:.0f} s") from None
    if isinstance(result, BaseException):
        raise result
    return result
