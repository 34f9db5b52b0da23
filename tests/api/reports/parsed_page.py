"""Parses a report as a browser does, and says what it would load or run."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "img", "wbr"})
ADDRESSES = frozenset({"src", "href", "srcset", "action", "formaction", "data", "poster"})
ACTIVE = frozenset({"script", "iframe", "object", "embed", "link", "base", "form"})


@dataclass
class ParsedPage(HTMLParser):
    """`problems` is empty for a page that loads nothing and whose tags are closed in their order."""

    problems: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE:
            self.problems.append(f"<{tag}>")
        for name, value in attrs:
            self._look_at(tag, name, value or "")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> closes another tag")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            if "@import" in data or "url(" in data:
                self.problems.append("the style loads something")
            return
        self.texts.append(data)

    def _look_at(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self.problems.append(f"<{tag} {name}>")
        if name in ADDRESSES and not value.startswith(("#", "data:image/png;base64,")):
            self.problems.append(f"<{tag} {name}={value}>")
        if name == "style" and not value.startswith("--percent: "):
            self.problems.append(f"<{tag} style={value}>")
        if name == "id":
            self.ids.append(value)
        if name == "href":
            self.links.append(value)

    def finish(self) -> None:
        self.close()
        self.problems += [f"<{tag}> is not closed" for tag in self._open]
        if len(self.ids) != len(set(self.ids)):
            self.problems.append("two elements have the same id")
        self.problems += [link for link in self.links if link.removeprefix("#") not in self.ids]


def parsed(html: str) -> ParsedPage:
    page = ParsedPage()
    page.feed(html)
    page.finish()
    return page


def text_of(html: str) -> str:
    return " ".join(" ".join(parsed(html).texts).split())
