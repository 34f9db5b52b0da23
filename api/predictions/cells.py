"""Turns the cells of a request into messages, and the labels of an answer back, each in its exact type."""

from api.predictions.schemas import Cell
from api.predictions.v1 import predictions_pb2 as v1

_INT64 = range(-(2**63), 2**63)


def value_of(cell: Cell) -> v1.Value:
    """An integer of more than 64 bits becomes a number, which may be infinite."""
    match cell:
        case None:
            return v1.Value()
        case bool():
            return v1.Value(boolean=cell)
        case int():
            return v1.Value(integer=cell) if cell in _INT64 else v1.Value(number=_number(cell))
        case float():
            return v1.Value(number=cell)
        case str():
            return v1.Value(text=cell)


def cell_of(value: v1.Value) -> Cell:
    kind = value.WhichOneof("kind")
    cell: Cell = None if kind is None else getattr(value, kind)
    return cell


def text_of(value: v1.Value) -> str:
    """As a key of an object in JSON."""
    cell = cell_of(value)
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def _number(integer: int) -> float:
    try:
        return float(integer)
    except OverflowError:
        return float("inf") if integer > 0 else float("-inf")
