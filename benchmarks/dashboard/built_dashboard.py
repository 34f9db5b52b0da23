"""The dashboard as `make setup` has built it."""

import sys

from ui_extensions.mount import BUILT

PAGE = BUILT / "dashboard" / "index.html"
PANEL = BUILT / "panel" / "panel.js"


def require_built() -> None:
    """End the program where there is nothing to measure."""
    if not PAGE.is_file():
        sys.exit(f"The dashboard has not been built ({PAGE} is missing): run `make setup` first")
