"""Some of these tests run in a browser, on pages that may import what lies beside the tests."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser import browser_type_launch_args, open_empty_page, troubles

__all__ = ["browser_type_launch_args", "troubles"]

BESIDE = Path(__file__).parent


@pytest.fixture
def empty_page(context: BrowserContext) -> Page:
    """A page with nothing on it but the right to import the modules of the tree."""
    return open_empty_page(context, BESIDE)
