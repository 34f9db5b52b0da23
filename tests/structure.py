"""Prints how `api/` is laid out, and fails where its folders import each other: `python -m tests.structure`."""

import sys
from itertools import combinations
from pathlib import Path

import grimp

ROOT = Path(__file__).parent.parent
PACKAGE = "api"
MOST_FILES_IN_ROOT = 16


def files_in_root() -> list[str]:
    """Python files directly in `api/`."""
    return sorted(path.name for path in (ROOT / PACKAGE).glob("*.py"))


def folders_that_import_each_other() -> list[tuple[str, str]]:
    """Pairs of folders of `api/` with imports in both directions."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    folders = sorted(
        child for child in graph.find_children(PACKAGE) if (ROOT / child.replace(".", "/")).is_dir()
    )

    def imports(importer: str, imported: str) -> bool:
        return graph.direct_import_exists(importer=importer, imported=imported, as_packages=True)

    return [(a, b) for a, b in combinations(folders, 2) if imports(a, b) and imports(b, a)]


def main() -> int:
    files, pairs = files_in_root(), folders_that_import_each_other()
    print(f"{PACKAGE}/ has {len(files)} files in its root: {', '.join(files)}")
    print(f"Pairs of folders of {PACKAGE}/ that import each other: {len(pairs)}")
    for a, b in pairs:
        print(f"  {a} and {b}: move what both need below them", file=sys.stderr)
    if len(files) > MOST_FILES_IN_ROOT:
        print(
            f"  at most {MOST_FILES_IN_ROOT} were expected: move files to their domains",
            file=sys.stderr,
        )
    return 1 if pairs or len(files) > MOST_FILES_IN_ROOT else 0


if __name__ == "__main__":
    sys.exit(main())
