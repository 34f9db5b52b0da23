"""Names of versions of registered models, as people write them."""

import pytest

from tracking_plugin.registered_name import RegisteredName, registered_name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("visits", RegisteredName("visits", "champion", None)),
        (" visits@next ", RegisteredName("visits", "next", None)),
        ("models:/visits@next", RegisteredName("visits", "next", None)),
        ("models:/my visits/07", RegisteredName("my visits", None, "7")),
        ("visits/3", RegisteredName("visits", None, "3")),
        ("", None),
        ("@next", None),
        ("visits@", None),
        ("visits@a@b", None),
        ("visits/", None),
        ("visits/latest", None),
        ("visits/\u0663", None),
        ("visits/1/2", None),
        ("visits/1@next", None),
        ("runs:/abc/model", None),
    ],
)
def test_a_name_stands_for_an_alias_or_a_version(
    text: str, expected: RegisteredName | None
) -> None:
    assert registered_name(text) == expected
