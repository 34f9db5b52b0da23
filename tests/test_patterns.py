"""No regular expression takes longer than in proportion to its text: much of that is a stranger's."""

import ast
import re
import signal
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("api", "serving", "tracking_plugin", "training", "ui_extensions")
METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub")

LENGTH = 20_000
LIMIT_S = 0.5
"""A hundred times what a linear pattern takes; a quadratic one takes several seconds."""

UNITS = (
    *("a", "A", "0", " ", ".", "/", '"', "-", "_", ":", "\n", ","),
    *("a1", "1.", "a/", "a.", "/a", "a ", " a", ", ", "a-", "Error", "</head ", 'W/"', "http://"),
)
ENDS = ("", "\0", "\n", "!")


@dataclass(frozen=True)
class Pattern:
    """A pattern and the method by which a module uses it."""

    file: str
    text: str | bytes
    flags: int
    method: str

    def __str__(self) -> str:
        return f"{self.file}-{self.method}-{self.text!r}"


def patterns() -> Iterator[Pattern]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "node_modules" not in path.parts:
                yield from patterns_in(path)


def patterns_in(path: Path) -> Iterator[Pattern]:
    source = path.read_text()
    # Each process of the tests lists the patterns, and most modules have none.
    if "import re\n" not in source:
        return
    tree = ast.parse(source)
    used = {
        (call.func.value.id, call.func.attr)
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)
    }
    names = {
        id(node.value): target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in calls(tree):
        if not (isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "re"):
            continue
        text = literal(call.args[0]) if call.args else None
        if text is None:
            continue
        flags = sum(int(getattr(re, each)) for each in ("IGNORECASE",) if each in ast.unparse(call))
        methods = [call.func.attr]
        if call.func.attr == "compile":
            methods = [how for name, how in used if name == names.get(id(call))]
        for method in methods:
            if method in METHODS:
                yield Pattern(str(path.relative_to(ROOT)), text, flags, method)


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def literal(node: ast.expr) -> str | bytes | None:
    """The text of a pattern; parts that are filled in count as the letter a."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "a" for part in node.values]
        return "".join(map(str, parts))
    return None


@pytest.fixture
def stopped_when_late() -> Iterator[None]:
    """A timer of the time that this process computes: the regular expressions' engine obeys signals."""

    def late(_: int, __: FrameType | None) -> None:
        raise AssertionError(f"more than {LIMIT_S} s for {LENGTH} characters")

    before = signal.signal(signal.SIGVTALRM, late)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


def use(pattern: Pattern, text: str) -> None:
    compiled: re.Pattern[Any] = re.compile(pattern.text, pattern.flags)
    given: Any = text.encode() if isinstance(pattern.text, bytes) else text
    arguments: tuple[Any, ...] = ("", given) if pattern.method == "sub" else (given,)
    if isinstance(pattern.text, bytes) and pattern.method == "sub":
        arguments = (b"", given)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_S)
    found = getattr(compiled, pattern.method)(*arguments)
    if pattern.method == "finditer":
        deque(found, maxlen=0)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def hostile_texts() -> Iterator[str]:
    for unit in UNITS:
        for end in ENDS:
            yield unit * (LENGTH // len(unit)) + end


@pytest.mark.usefixtures("stopped_when_late")
@pytest.mark.parametrize("pattern", sorted(set(patterns()), key=str), ids=str)
def test_a_pattern_is_linear_in_its_text(pattern: Pattern) -> None:
    for text in hostile_texts():
        use(pattern, text)


@pytest.mark.usefixtures("stopped_when_late")
@pytest.mark.parametrize("text", [r"(a+)+b", r".*a.*a.*b", r"(.*)/artifacts/(.*)/x(.*)$"])
def test_a_pattern_of_higher_degree_is_found(text: str) -> None:
    pattern = Pattern("here", text, 0, "search")
    with pytest.raises(AssertionError, match="more than"):
        use(pattern, "a" * LENGTH + "/artifacts/" * LENGTH)
