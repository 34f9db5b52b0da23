"""Prepares a new table for a registered model: its columns, its encoding, its parts."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from tracking_plugin.names import PipelineArtifact, PipelineStage
from training.recipes.tables.config import TablesConfig
from training.recipes.tables.finetuning.labels import matched_target
from training.recipes.tables.pipeline_record import PipelineRecord
from training.recipes.tables.prepared_table import PreparedTable
from training.recipes.tables.question_error import UnansweredError
from training.recipes.tables.stages.analysis import Analysis, leak_settings, split_settings
from training.recipes.tables.stages.features import EncodedTable
from training.recipes.tables.stages.processing import ChosenColumns
from training.tables.column_types import type_columns
from training.tables.descriptions import TypedTable
from training.tables.group_choice import NOT_GROUPED, GroupChoice, choose_group
from training.tables.labels import read_labels
from training.tables.leak_check import find_leaks
from training.tables.leaks.leak_report import LeakReport
from training.tables.model.table_model import TableModel, rows_from_table
from training.tables.printable import name_list
from training.tables.profile import TableProfile, profile
from training.tables.reader import ReadTable
from training.tables.split import split_table
from training.tables.target import TargetChoice

_NOT_TAKEN = "The registered model does not take it."
_KEPT_LEAKS = (
    "may give the answer away in this table. The registered model takes such columns, so they cannot "
    "be left out: train a new model if they are not known before the answer is."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class NewTable(PreparedTable):
    """`rows` are those of the table as the model takes them."""

    rows: pa.Table


def prepare_new_table(
    config: TablesConfig, record: PipelineRecord, model: TableModel, read: ReadTable
) -> NewTable:
    """The table as the model takes it, with its fixed encoding.

    Raises TableError that names columns that are absent, cells that do not fit their column and
    labels that the model does not know; StoppedError if the run is to stop.
    """
    record.enter(PipelineStage.DATA_ANALYSIS)
    rows = rows_from_table(model, read)
    typed = type_columns(read, config.answers)
    target = matched_target(typed, model.target)
    described = profile(typed)
    group = _group(config, typed, described, model, target)
    _require_answers(typed, (target.column, group.column, config.date))
    analysis = _analysis(config, typed, described, model, target, group)
    record.understood(analysis)
    record.say_all([*target.notes, *(note.text for note in analysis.split.notes)])
    record.store(PipelineArtifact.ANALYSIS, analysis.document())
    record.leaks(analysis.leaks)
    flagged = [leak.column for leak in analysis.leaks.leaks if leak.override is None]
    if flagged:
        record.progress.say(f"{name_list(flagged)} {_KEPT_LEAKS}")

    record.enter(PipelineStage.DATA_PROCESSING)
    columns = _columns(typed, model)
    record.store(PipelineArtifact.PROCESSING, columns.document())

    record.enter(PipelineStage.FEATURE_ENGINEERING)
    encoded = EncodedTable(encoder=model.encoder, values=model.encoder.transform(rows))
    record.store(PipelineArtifact.FEATURES, encoded.document())
    return NewTable(analysis=analysis, columns=columns, encoded=encoded, rows=rows)


def _analysis(
    config: TablesConfig,
    typed: TypedTable,
    described: TableProfile,
    model: TableModel,
    target: TargetChoice,
    group: GroupChoice,
) -> Analysis:
    features = model.encoder.input_columns
    # Rows that differ in columns that the model does not take are equal to it.
    taken = _part(typed, [*features, target.column, group.column, config.date])
    split = split_table(
        taken,
        target,
        group=group.column,
        date=config.date or None,
        settings=split_settings(config),
    )
    searched = _part(typed, [*features, target.column, group.column])
    leaks = find_leaks(
        searched,
        target,
        split,
        overrides=[
            leak.override
            for leak in model.leaks
            if leak.override is not None and leak.column in features
        ],
        settings=leak_settings(config),
    )
    return Analysis(
        typed=taken,
        profile=described,
        target=target,
        group=group,
        labels=read_labels(taken, target),
        split=split,
        leaks=_kept(leaks),
    )


def _part(typed: TypedTable, names: Iterable[str | None]) -> TypedTable:
    wanted = set(names)
    kept = [name for name in typed.table.column_names if name in wanted]
    return TypedTable(
        table=typed.table.select(kept),
        columns=tuple(column for column in typed.columns if column.name in wanted),
        notes=typed.notes,
    )


def _kept(report: LeakReport) -> LeakReport:
    """The model takes what it was trained on, whatever is found."""
    leaks = tuple(leak.model_copy(update={"left_out": False}) for leak in report.leaks)
    return report.model_copy(update={"leaks": leaks})


def _group(
    config: TablesConfig,
    typed: TypedTable,
    described: TableProfile,
    model: TableModel,
    target: TargetChoice,
) -> GroupChoice:
    if not config.grouped:
        return NOT_GROUPED
    before = model.facts.get("group")
    if not config.group and before in typed.table.column_names:
        return GroupChoice(
            column=before, reason="it kept the rows of the model's training together"
        )
    return choose_group(typed, described, target, named=config.group or None)


def _require_answers(typed: TypedTable, columns: Iterable[str | None]) -> None:
    """Raises UnansweredError for a question about one of these columns.

    The model says how its own columns are read.
    """
    named = {name for name in columns if name}
    for question in typed.questions:
        if question.id.partition(":")[2] in named:
            raise UnansweredError(question)


def _columns(typed: TypedTable, model: TableModel) -> ChosenColumns:
    target = model.target.column
    features = model.encoder.input_columns
    left_out = {
        name: "It is the target." if name == target else _NOT_TAKEN
        for name in typed.table.column_names
        if name not in features
    }
    return ChosenColumns(features=features, left_out=left_out)
