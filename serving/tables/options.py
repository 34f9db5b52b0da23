"""The options of a prediction request, checked."""

from dataclasses import dataclass

from serving.errors import Reason, ServingError
from serving.tables.model_alias import ModelAlias
from serving.v1 import predictions_pb2 as messages

DEFAULT_TOP = 5
MAX_TOP = 100


@dataclass(frozen=True, kw_only=True)
class PredictionOptions:
    model: ModelAlias
    explain: bool
    top: int
    """Number of reasons in words."""
    confidence_threshold: float

    @classmethod
    def parse(cls, given: messages.PredictionOptions) -> "PredictionOptions":
        """Raises ServingError REQUEST_INVALID, which names the option."""
        top = given.top if given.HasField("top") else DEFAULT_TOP
        if top > MAX_TOP:
            raise _invalid(f"top: 0 to {MAX_TOP} reasons were expected, but {top} came.")
        # Not true of NaN either.
        if not 0 <= given.confidence_threshold <= 1:
            raise _invalid("confidence_threshold: a number from 0 to 1 was expected.")
        return cls(
            model=ModelAlias.parse(given.model, given.alias),
            explain=given.explain,
            top=top,
            confidence_threshold=given.confidence_threshold,
        )


def _invalid(message: str) -> ServingError:
    return ServingError(Reason.REQUEST_INVALID, message)
