"""Finding, and where asked installing, the browser that the browser tests drive."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from engine.course import packages

VARIABLE = "CHROMIUM"
COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)
ADVICE = (
    "Install Chromium or Google Chrome (Debian: apt install chromium; anywhere: python -m "
    f"playwright install chromium), or name one in the variable {VARIABLE}."
)


class BrowserMissingError(Exception):
    """No Chromium or Chrome was found; the message says how to get one."""


def find_browser() -> Path:
    """The Chromium or Chrome to test with: $CHROMIUM, an installed one, Playwright's own.

    Raises: BrowserMissingError where there is none.
    """
    if named := os.environ.get(VARIABLE):
        if Path(named).is_file():
            return Path(named)
        raise BrowserMissingError(f"{VARIABLE} names {named}, which is not a file.")
    for command in COMMANDS:
        if found := shutil.which(command):
            return Path(found)
    for place in (*PLACES, _playwrights_own()):
        if place and Path(place).is_file():
            return Path(place)
    raise BrowserMissingError(f"No Chromium or Google Chrome was found. {ADVICE}")


def install_browser() -> Path:
    """Find a browser or install one the machine's ordinary way, and return where it is.

    On Debian as root that is the package chromium, anywhere else Playwright's download.

    Raises: BrowserMissingError where the installation fails.
    """
    try:
        return find_browser()
    except BrowserMissingError:
        if os.environ.get(VARIABLE):
            raise
    try:
        # Ubuntu's package of that name only points to a snap, which containers cannot run.
        if packages.can_install("debian"):
            packages.install("chromium")
        else:
            packages.run(sys.executable, "-m", "playwright", "install", "chromium")
    except packages.InstallationError as error:
        raise BrowserMissingError(
            f"Chromium is missing, and installing it failed: {error}. {ADVICE}"
        ) from None
    return find_browser()


def _playwrights_own() -> str:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return ""
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path
