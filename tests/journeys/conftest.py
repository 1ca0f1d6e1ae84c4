"""Journeys in a browser use Chromium as the tests of tests/browser do."""

from tests.browser.conftest import (
    _let_django_work_beside_playwright,
    browser_context_args,
    browser_type_launch_args,
    context,
    enter,
    guard,
    plain_page,
)

__all__ = [
    "_let_django_work_beside_playwright",
    "browser_context_args",
    "browser_type_launch_args",
    "context",
    "enter",
    "guard",
    "plain_page",
]
