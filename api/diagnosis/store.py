"""Keeps in the database which diagnoses there were, and what clinicians said to them."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from api.diagnosis.records import (
    DiagnosisRecord,
    GivenFeedback,
    ModelFeedback,
    ModelVersion,
    Verdict,
)
from api.storage.database import Database
from api.storage.tables import diagnoses, diagnosing_models

MAX_DIAGNOSES = 100_000
"""More are not kept: the oldest are removed, whichever workspace they are of."""

REMOVAL_INTERVAL = 1000
"""Additions between two removals."""


class DiagnosisStore:
    """Blocking; each method is one transaction."""

    def __init__(self, database: Database, *, max_diagnoses: int = MAX_DIAGNOSES) -> None:
        self._database = database
        self._max_diagnoses = max_diagnoses
        self._num_added = 0

    def add(self, record: DiagnosisRecord, classes: Sequence[str]) -> None:
        """Keep the diagnosis; `classes` are all that its model tells apart."""
        self._add_model(record.model, classes)
        with self._database.begin() as connection:
            connection.execute(
                insert(diagnoses).values(
                    request_id=record.request_id,
                    workspace=record.model.workspace,
                    model=record.model.model,
                    version=record.model.version,
                    predicted_class=record.predicted_class,
                    at_ms=record.at_ms,
                    note="",
                )
            )
            if self._num_added % REMOVAL_INTERVAL == 0:
                self._remove_oldest(connection)
        self._num_added += 1

    def find(self, workspace: str, request_id: str) -> DiagnosisRecord | None:
        with self._database.read() as connection:
            return _find(connection, workspace, request_id)

    def classes(self, model: ModelVersion) -> list[str]:
        """All classes that the model tells apart; empty if none is known."""
        with self._database.read() as connection:
            query = select(diagnosing_models.c.classes).where(_is_model(model))
            text = connection.execute(query).scalar_one_or_none()
        return [] if text is None else [str(name) for name in json.loads(text)]

    def give_feedback(
        self,
        workspace: str,
        request_id: str,
        *,
        verdict: Verdict,
        true_class: str,
        note: str,
        at_ms: int,
    ) -> GivenFeedback | None:
        """Keep the verdict in place of an earlier one; None if there is no such diagnosis."""
        with self._database.begin() as connection:
            connection.execute(
                update(diagnoses)
                .where(_is_diagnosis(workspace, request_id))
                .values(verdict=verdict.value, true_class=true_class, note=note, verdict_ms=at_ms)
            )
            record = _find(connection, workspace, request_id)
            if record is None:
                return None
            connection.execute(
                update(diagnosing_models)
                .where(_is_model(record.model))
                .values(feedback_step=diagnosing_models.c.feedback_step + 1)
            )
            return GivenFeedback(record=record, all=_feedback(connection, record.model))

    def set_feedback_run(self, model: ModelVersion, before: str | None, run_id: str) -> str:
        """Set the run unless another process has: returns the one that counts."""
        run = diagnosing_models.c.feedback_run_id
        is_unchanged = run.is_(None) if before is None else run == before
        with self._database.begin() as connection:
            connection.execute(
                update(diagnosing_models)
                .where(_is_model(model) & is_unchanged)
                .values(feedback_run_id=run_id)
            )
            return str(connection.execute(select(run).where(_is_model(model))).scalar_one())

    def _add_model(self, model: ModelVersion, classes: Sequence[str]) -> None:
        if self.classes(model):
            return
        text = json.dumps(list(classes))
        with self._database.begin() as connection:
            changed = connection.execute(
                update(diagnosing_models).where(_is_model(model)).values(classes=text)
            )
            if changed.rowcount:
                return
            try:
                with connection.begin_nested():
                    connection.execute(
                        insert(diagnosing_models).values(
                            workspace=model.workspace,
                            model=model.model,
                            version=model.version,
                            classes=text,
                            feedback_step=0,
                        )
                    )
            except IntegrityError:
                # Another process has added it in the meantime.
                return

    def _remove_oldest(self, connection: Connection) -> None:
        newest = select(diagnoses.c.at_ms).order_by(diagnoses.c.at_ms.desc())
        last_kept = newest.offset(self._max_diagnoses - 1).limit(1)
        oldest_ms = connection.execute(last_kept).scalar_one_or_none()
        if oldest_ms is not None:
            connection.execute(delete(diagnoses).where(diagnoses.c.at_ms < oldest_ms))


def _find(connection: Connection, workspace: str, request_id: str) -> DiagnosisRecord | None:
    query = select(diagnoses).where(_is_diagnosis(workspace, request_id))
    row = connection.execute(query).one_or_none()
    return None if row is None else _record(row)


def _feedback(connection: Connection, model: ModelVersion) -> ModelFeedback:
    pair = (diagnoses.c.predicted_class, diagnoses.c.true_class)
    counts = connection.execute(
        select(*pair, func.count())
        .where(_is_of(model) & diagnoses.c.true_class.is_not(None))
        .group_by(*pair)
    )
    run_id, step = connection.execute(
        select(diagnosing_models.c.feedback_run_id, diagnosing_models.c.feedback_step).where(
            _is_model(model)
        )
    ).one()
    return ModelFeedback(
        model=model,
        run_id=run_id,
        step=step,
        counts={(predicted, true): num for predicted, true, num in counts},
    )


def _is_diagnosis(workspace: str, request_id: str) -> ColumnElement[bool]:
    return and_(diagnoses.c.request_id == request_id, diagnoses.c.workspace == workspace)


def _is_of(model: ModelVersion) -> ColumnElement[bool]:
    return and_(
        diagnoses.c.workspace == model.workspace,
        diagnoses.c.model == model.model,
        diagnoses.c.version == model.version,
    )


def _is_model(model: ModelVersion) -> ColumnElement[bool]:
    return and_(
        diagnosing_models.c.workspace == model.workspace,
        diagnosing_models.c.model == model.model,
        diagnosing_models.c.version == model.version,
    )


def _record(row: Row[tuple[object, ...]]) -> DiagnosisRecord:
    return DiagnosisRecord(
        request_id=row.request_id,
        model=ModelVersion(workspace=row.workspace, model=row.model, version=row.version),
        predicted_class=row.predicted_class,
        at_ms=row.at_ms,
        verdict=None if row.verdict is None else Verdict(row.verdict),
        true_class=row.true_class,
        note=row.note,
        verdict_ms=row.verdict_ms,
    )
