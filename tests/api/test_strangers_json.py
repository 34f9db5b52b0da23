"""What is not of the expected kind counts as empty."""

from typing import Any

import pytest

from api.strangers_json import json_object, json_objects


@pytest.mark.parametrize("value", [None, 1, "text", [{"a": 1}], True])
def test_what_is_no_object_is_empty(value: Any) -> None:
    assert json_object(value) == {}
    assert json_object({"a": value}) == {"a": value}


@pytest.mark.parametrize("value", [None, 1, "text", {"a": 1}, True])
def test_only_the_objects_of_a_list_are_taken(value: Any) -> None:
    assert json_objects(value) == []
    assert json_objects([value, {"a": 1}, [{"b": 1}]])[-1] == {"a": 1}
