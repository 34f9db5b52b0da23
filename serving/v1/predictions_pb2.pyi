from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Value(_message.Message):
    __slots__ = ("number", "integer", "boolean", "text")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    number: float
    integer: int
    boolean: bool
    text: str
    def __init__(self, number: _Optional[float] = ..., integer: _Optional[int] = ..., boolean: _Optional[bool] = ..., text: _Optional[str] = ...) -> None: ...

class Row(_message.Message):
    __slots__ = ("cells",)
    class CellsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Value, _Mapping]] = ...) -> None: ...
    CELLS_FIELD_NUMBER: _ClassVar[int]
    cells: _containers.MessageMap[str, Value]
    def __init__(self, cells: _Optional[_Mapping[str, Value]] = ...) -> None: ...

class PredictionOptions(_message.Message):
    __slots__ = ("model", "alias", "explain", "top", "confidence_threshold")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    TOP_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    model: str
    alias: str
    explain: bool
    top: int
    confidence_threshold: float
    def __init__(self, model: _Optional[str] = ..., alias: _Optional[str] = ..., explain: _Optional[bool] = ..., top: _Optional[int] = ..., confidence_threshold: _Optional[float] = ...) -> None: ...

class PredictRequest(_message.Message):
    __slots__ = ("request_id", "options", "rows")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    options: PredictionOptions
    rows: _containers.RepeatedCompositeFieldContainer[Row]
    def __init__(self, request_id: _Optional[str] = ..., options: _Optional[_Union[PredictionOptions, _Mapping]] = ..., rows: _Optional[_Iterable[_Union[Row, _Mapping]]] = ...) -> None: ...

class PredictResponse(_message.Message):
    __slots__ = ("request_id", "predictions")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PREDICTIONS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    predictions: Predictions
    def __init__(self, request_id: _Optional[str] = ..., predictions: _Optional[_Union[Predictions, _Mapping]] = ...) -> None: ...

class PredictFileRequest(_message.Message):
    __slots__ = ("header", "content")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    header: PredictFileHeader
    content: bytes
    def __init__(self, header: _Optional[_Union[PredictFileHeader, _Mapping]] = ..., content: _Optional[bytes] = ...) -> None: ...

class PredictFileHeader(_message.Message):
    __slots__ = ("request_id", "options", "sheet")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    SHEET_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    options: PredictionOptions
    sheet: str
    def __init__(self, request_id: _Optional[str] = ..., options: _Optional[_Union[PredictionOptions, _Mapping]] = ..., sheet: _Optional[str] = ...) -> None: ...

class PredictFileResponse(_message.Message):
    __slots__ = ("request_id", "predictions")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PREDICTIONS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    predictions: Predictions
    def __init__(self, request_id: _Optional[str] = ..., predictions: _Optional[_Union[Predictions, _Mapping]] = ...) -> None: ...

class Predictions(_message.Message):
    __slots__ = ("model", "target", "classes", "rows", "explained", "notes")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    EXPLAINED_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    model: TableModelVersion
    target: str
    classes: _containers.RepeatedCompositeFieldContainer[Value]
    rows: _containers.RepeatedCompositeFieldContainer[Prediction]
    explained: ExplanationFrame
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, model: _Optional[_Union[TableModelVersion, _Mapping]] = ..., target: _Optional[str] = ..., classes: _Optional[_Iterable[_Union[Value, _Mapping]]] = ..., rows: _Optional[_Iterable[_Union[Prediction, _Mapping]]] = ..., explained: _Optional[_Union[ExplanationFrame, _Mapping]] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class TableModelVersion(_message.Message):
    __slots__ = ("name", "version", "run_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    run_id: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., run_id: _Optional[str] = ...) -> None: ...

class Prediction(_message.Message):
    __slots__ = ("row", "label", "probabilities", "confidence", "abstained", "reason", "warnings", "explanation")
    ROW_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    ABSTAINED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    row: int
    label: Value
    probabilities: _containers.RepeatedScalarFieldContainer[float]
    confidence: float
    abstained: bool
    reason: str
    warnings: _containers.RepeatedCompositeFieldContainer[PredictionWarning]
    explanation: Explanation
    def __init__(self, row: _Optional[int] = ..., label: _Optional[_Union[Value, _Mapping]] = ..., probabilities: _Optional[_Iterable[float]] = ..., confidence: _Optional[float] = ..., abstained: _Optional[bool] = ..., reason: _Optional[str] = ..., warnings: _Optional[_Iterable[_Union[PredictionWarning, _Mapping]]] = ..., explanation: _Optional[_Union[Explanation, _Mapping]] = ...) -> None: ...

class PredictionWarning(_message.Message):
    __slots__ = ("row", "column", "text")
    ROW_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    row: int
    column: str
    text: str
    def __init__(self, row: _Optional[int] = ..., column: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class ExplanationFrame(_message.Message):
    __slots__ = ("features", "model", "adds_up_to")
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ADDS_UP_TO_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedScalarFieldContainer[str]
    model: str
    adds_up_to: str
    def __init__(self, features: _Optional[_Iterable[str]] = ..., model: _Optional[str] = ..., adds_up_to: _Optional[str] = ...) -> None: ...

class Explanation(_message.Message):
    __slots__ = ("output", "base_value", "contributions", "sum", "reasons")
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    BASE_VALUE_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    SUM_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    output: str
    base_value: float
    contributions: _containers.RepeatedScalarFieldContainer[float]
    sum: float
    reasons: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, output: _Optional[str] = ..., base_value: _Optional[float] = ..., contributions: _Optional[_Iterable[float]] = ..., sum: _Optional[float] = ..., reasons: _Optional[_Iterable[str]] = ...) -> None: ...
