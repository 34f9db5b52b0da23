"""GET /api/runs/table, groups, names and comparison: the runs, searched, sorted, grouped and compared."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from api.pages import Offset, Page
from api.routes.dependencies import Reader, in_workspace
from api.routes.documented import REFUSALS, documented
from api.routes.examples import run_table as examples
from api.runs.table.comparison import compare_runs
from api.runs.table.fields import LOGGED_KINDS, TEXT_KINDS, Attribute, FieldKind, read_field
from api.runs.table.query import Group, RunSelection, TableQuery
from api.runs.table.run_filter import MAX_FILTER_CHARS, read_filter
from api.runs.table.run_table import logged_names, run_groups, table_rows
from api.runs.table.schemas import (
    LONGEST_VALUE,
    MOST_COMPARED,
    LoggedNames,
    RunComparison,
    RunGroup,
    RunRow,
)
from api.timestamps import unix_ms

router = APIRouter(
    prefix="/api/runs",
    tags=["runs"],
    dependencies=[Depends(in_workspace)],
    responses=REFUSALS,
)

MOST_COLUMNS = 50
_LONGEST_NAME = 300


# The patterns only document what read_field refuses with a sentence.
_LOGGED = r"(params|metrics|tags)\.[\s\S]"
_TEXT = {"pattern": r"^(params|tags)\.[\s\S]"}
_TEXT_OR_NONE = {"pattern": r"^((params|tags)\.[\s\S]|$)"}
_ORDER = {"pattern": rf"^(attributes\.({'|'.join(Attribute)})$|{_LOGGED})"}

TextField = Annotated[
    str,
    Query(
        max_length=_LONGEST_NAME, description="params.NAME or tags.NAME", json_schema_extra=_TEXT
    ),
]
OrderField = Annotated[str, Query(max_length=_LONGEST_NAME, json_schema_extra=_ORDER)]
Columns = Annotated[
    list[
        Annotated[
            str, Field(max_length=_LONGEST_NAME, json_schema_extra={"pattern": f"^{_LOGGED}"})
        ]
    ],
    Query(max_length=MOST_COLUMNS, description="such as params.lr, metrics.val_loss, tags.team"),
]
Metrics = Annotated[
    list[Annotated[str, Field(max_length=_LONGEST_NAME)]],
    Query(max_length=MOST_COLUMNS, description="names of metrics"),
]
RowLimit = Annotated[int, Query(ge=1, le=500, description="maximum number of entries")]


def run_selection(
    filter: Annotated[  # noqa: A002 - as MLflow calls it
        str,
        Query(
            max_length=MAX_FILTER_CHARS,
            description="MLflow's filter, such as metrics.loss < 0.5 and params.model = 'vit'",
        ),
    ] = "",
    name: Annotated[
        str, Query(max_length=_LONGEST_NAME, description="part of the name, or beginning of the id")
    ] = "",
    experiment: Annotated[
        str | None, Query(max_length=256, description="id or name of an experiment")
    ] = None,
    group_by: Annotated[
        str,
        Query(
            max_length=_LONGEST_NAME,
            description="params.NAME or tags.NAME, for group and group_missing",
            json_schema_extra=_TEXT_OR_NONE,
        ),
    ] = "",
    group: Annotated[
        str | None,
        Query(max_length=LONGEST_VALUE, description="only runs with this value of group_by"),
    ] = None,
    group_missing: Annotated[
        bool, Query(description="only runs without a value of group_by")
    ] = False,
) -> RunSelection:
    by = read_field(group_by, TEXT_KINDS) if group_by else None
    is_of_group = group is not None or group_missing
    return RunSelection(
        experiment=experiment,
        name=name.strip(),
        comparisons=read_filter(filter),
        group=Group(field=by, value=group) if by and is_of_group else None,
    )


Selection = Annotated[RunSelection, Depends(run_selection)]


def table_query(
    selection: Selection,
    columns: Columns = [],  # noqa: B006 - FastAPI copies it
    order_by: OrderField = "attributes.start_time",
    descending: bool = True,
    top_level: Annotated[
        bool, Query(description="without runs whose parent is among the matching ones")
    ] = False,
    parent: Annotated[
        str | None, Query(max_length=64, description="only the child runs of this run")
    ] = None,
) -> TableQuery:
    return TableQuery(
        selection=replace(selection, parent=parent, is_top_level=top_level),
        order_by=read_field(order_by, list(FieldKind)),
        is_descending=descending,
        columns=[read_field(column, LOGGED_KINDS) for column in columns],
    )


@router.get("/table", responses=documented(examples.ROW, is_list=True))
def get_table(
    response: Response,
    reader: Reader,
    query: Annotated[TableQuery, Depends(table_query)],
    limit: RowLimit = 100,
    offset: Offset = 0,
) -> list[RunRow]:
    """Runs that match, in the asked order; params that are numbers are ordered as numbers."""
    page = Page(limit=limit, offset=offset)
    return table_rows(reader.table, query, page, unix_ms()).with_total_header(response)


@router.get("/groups", responses=documented(examples.GROUP, is_list=True))
def get_groups(
    response: Response,
    reader: Reader,
    selection: Selection,
    by: TextField,
    metrics: Metrics = [],  # noqa: B006 - FastAPI copies it
    limit: RowLimit = 100,
    offset: Offset = 0,
) -> list[RunGroup]:
    """All runs that match by their value of a param or tag, with mean and spread of their metrics."""
    field, page = read_field(by, TEXT_KINDS), Page(limit=limit, offset=offset)
    groups = run_groups(reader.table, selection, field, metrics, page)
    return groups.with_total_header(response)


@router.get("/names", responses=documented(examples.NAMES))
def get_names(
    reader: Reader,
    selection: Selection,
    kind: Literal["params", "metrics", "tags"],
    contains: Annotated[str, Query(max_length=_LONGEST_NAME)] = "",
    limit: RowLimit = 200,
) -> LoggedNames:
    """The names of params, metrics or tags that some matching run has."""
    return logged_names(reader.table, FieldKind(kind), selection, contains, limit)


@router.get("/comparison", responses=documented(examples.COMPARISON))
def get_comparison(
    reader: Reader,
    run_id: Annotated[
        list[Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]],
        Query(min_length=1, max_length=MOST_COMPARED, description="ids of the runs"),
    ],
) -> RunComparison:
    """The params and newest metrics of up to 200 runs side by side, and where they differ."""
    return compare_runs(reader.table, run_id, unix_ms())
