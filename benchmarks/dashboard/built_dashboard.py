"""Checks that `make setup` has built the dashboard."""

import sys

from ui_extensions.mount import BUILT

PAGE = BUILT / "dashboard" / "index.html"
PANEL = BUILT / "panel" / "panel.js"


def require_built() -> None:
    """Exit with a message if the dashboard has not been built."""
    if not PAGE.is_file():
        sys.exit(f"The dashboard has not been built ({PAGE} is missing): run `make setup` first")
