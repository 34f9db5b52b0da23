"""GET /api/epochs… and /api/compare/epochs: the epochs of a run."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from api.pages import Limit, Offset, Page
from api.routes.dependencies import Reader, SelectedRun, in_workspace
from api.routes.documented import REFUSALS, documented
from api.routes.examples import epochs as examples
from api.runs.epochs import compare_epochs, epoch_details, list_epochs
from api.runs.schemas import EpochComparison, EpochDetails

router = APIRouter(
    prefix="/api", tags=["epochs"], dependencies=[Depends(in_workspace)], responses=REFUSALS
)

Epochs = Annotated[
    str,
    Query(
        pattern=r"^[0-9]{1,9}(,[0-9]{1,9}){0,99}$",
        description="epochs, separated by commas",
        examples=["1,2,3"],
    ),
]
Metrics = Annotated[
    str,
    Query(
        pattern=r"^[^,]+(,[^,]+)*$",
        max_length=5000,
        description="short names (loss, accuracy, auc_roc, f1_score, learning_rate), groups "
        "(critical_conditions, per_class) or MLflow names, separated by commas",
        examples=["accuracy,loss"],
    ),
]


@router.get("/epochs", responses=documented(examples.EPOCH, is_list=True))
def get_epochs(
    response: Response,
    reader: Reader,
    run_id: SelectedRun,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[EpochDetails]:
    """The epochs in which metrics were logged, newest first, without their evaluations."""
    return list_epochs(reader, run_id, Page(limit=limit, offset=offset)).with_total_header(response)


@router.get("/epochs/{epoch}", responses=documented(examples.EVALUATED_EPOCH))
def get_epoch(
    reader: Reader, run_id: SelectedRun, epoch: Annotated[int, Path(ge=0, le=10**9)]
) -> EpochDetails:
    """An epoch, with its confusion matrix and class report if the run has logged an evaluation."""
    return epoch_details(reader, run_id, epoch)


@router.get("/compare/epochs", responses=documented(examples.COMPARISON))
def get_comparison(
    reader: Reader, run_id: SelectedRun, epochs: Epochs, metrics: Metrics = "loss,accuracy"
) -> EpochComparison:
    """The last values of the given metrics in the given epochs."""
    return compare_epochs(
        reader, run_id, [int(epoch) for epoch in epochs.split(",")], metrics.split(",")
    )
