"""Some of these tests run in a browser."""

from tests.browser import browser_type_launch_args, empty_page

__all__ = ["browser_type_launch_args", "empty_page"]
