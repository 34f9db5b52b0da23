"""Looks at the paths of data sets and base models: few at once, and each for a limited time."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from api.errors import UnavailableError
from api.jobs.params import refusal
from api.runs.bounded_reads import BoundedReads
from api.training_inputs.folder_files import UncountedError, WalkLimits
from api.training_inputs.image_counts import ImageCounts, count_images
from api.training_inputs.model_facts import ModelFacts, read_model
from tracking_plugin.data_roots import DataRoots

T = TypeVar("T")

MAX_AT_ONCE = 2
_SLACK_S = 5.0
_PATH = ("body", "path")


class InputInspector:
    """Methods raise RequestValidationError for a path that cannot be registered.

    Where trainings run on another machine, a path that does not exist here is one that is not known.
    """

    def __init__(self, limits: WalkLimits, *, trains_here: bool) -> None:
        self._limits = limits
        self._trains_here = trains_here
        self._reads = BoundedReads(
            max_in_progress=MAX_AT_ONCE,
            # Longer than the walk's own limit, which has the better message.
            deadline_s=limits.seconds + _SLACK_S,
            reads="folders of data sets and models",
            missed="The file system did not answer",
        )

    async def count(self, path: str, roots: DataRoots) -> tuple[ImageCounts | None, str]:
        """The counts; or None, and why they are not known."""

        def count() -> ImageCounts | None:
            if not self._is_there(path, roots):
                return None
            if not Path(path).is_dir():
                raise refusal(_PATH, "a folder was expected, but this is a file")
            return count_images(Path(path), roots, self._limits)

        return await self._looked_at(count)

    async def facts(self, path: str, roots: DataRoots) -> ModelFacts:
        def read() -> ModelFacts | None:
            is_there = self._is_there(path, roots)
            return read_model(Path(path), roots, self._limits) if is_there else None

        found, reason = await self._looked_at(read)
        return ModelFacts(unknown=reason) if found is None else found

    async def _looked_at(self, look: Callable[[], T | None]) -> tuple[T | None, str]:
        try:
            found = await run_in_threadpool(self._reads.run, look)
        except UncountedError as error:
            return None, f"The folder was not counted: {error}"
        except UnavailableError as error:
            return None, str(error)
        except OSError as error:
            return None, f"The path cannot be read ({error.strerror})"
        reason = "" if found is not None else "The path does not exist on the server's machine"
        return found, reason

    def _is_there(self, path: str, roots: DataRoots) -> bool:
        """Whether the path exists here. Raises RequestValidationError for one that is refused."""
        if not path.startswith("/"):
            raise refusal(_PATH, "an absolute path was expected, one that begins with /")
        if reason := roots.refusal(path):
            raise refusal(_PATH, reason)
        if Path(path).exists():
            return True
        if self._trains_here:
            raise refusal(_PATH, "there is nothing at this path on the server's machine")
        return False
