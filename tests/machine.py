"""What the tests need of the machine, and what happens where it is missing."""

import ctypes
import os
import shutil
import sys

import pytest

EVERYTHING = bool(os.environ.get("ALL"))  # make hands on an empty one, too
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def atomic():
    """Whether the library is there that Playwright's Node is linked to."""
    try:
        return sys.platform != "linux" or bool(ctypes.CDLL("libatomic.so.1"))
    except OSError:
        return False


def chromium():
    """Its path: that of the system, which must not be a snap, or Playwright's own; or None."""
    found = [path for name in ("chromium", "google-chrome") if (path := shutil.which(name))]
    found = [path for path in found if "snap" not in os.path.realpath(path)]
    if not found and atomic():
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:  # where only the library is tested
            return None
        with sync_playwright() as playwright:
            found = [playwright.chromium.executable_path]
    return found[0] if found and os.path.exists(found[0]) else None


def photographs():
    """Whether Fashion-MNIST is there without the network."""
    return "FASHION_MNIST" in os.environ or os.path.exists("/usr/share/datasets/fashion-mnist")


def left_out(reason):
    """Skip a test for want of something; where CI is set, fail."""
    pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
