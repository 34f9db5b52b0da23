"""Finds the Chromium for browser tests; `python -m tests.browser` installs it if there is none."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

SHELL = "chromium-headless-shell"
"""The same browser without windows; a new page takes it a quarter of the time."""
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
MISSING = (
    "The browser tests need Chromium: install it (`apt-get install chromium` on Debian and Ubuntu), "
    "or name one in FOVEA_TEST_BROWSER"
)


class NoBrowserError(RuntimeError):
    """There is no Chromium on this machine."""


def browser_path() -> Path | None:
    """The installed Chromium, or the one that Playwright has downloaded; None without one."""
    if named := os.environ.get("FOVEA_TEST_BROWSER"):
        return Path(named)
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    with sync_playwright() as playwright:
        downloaded = Path(playwright.chromium.executable_path)
    return downloaded if downloaded.is_file() else None


def require_browser() -> Path:
    """Raises NoBrowserError, which says what to do, if there is no browser."""
    if (found := browser_path()) is None:
        raise NoBrowserError(MISSING)
    return found


def _install() -> None:
    # As root on Debian, a package installs all dependencies; elsewhere Playwright downloads a browser.
    if _can_install_packages():
        subprocess.run(["apt-get", "update", "-qq"], check=True, stdout=subprocess.DEVNULL)
        for package in (SHELL, "chromium"):
            command = ["apt-get", "install", "-y", "-qq", package]
            if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0:
                return
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def _can_install_packages() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _is_shell_missing() -> bool:
    is_named = "FOVEA_TEST_BROWSER" in os.environ
    return _can_install_packages() and not is_named and shutil.which(SHELL) is None


def main() -> int:
    if browser_path() is None or _is_shell_missing():
        with contextlib.suppress(OSError, subprocess.CalledProcessError, Error):
            _install()
    if browser_path() is None:
        print(MISSING, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
