"""Chromium for tests: guarded pages, two widths, a way in for users, and axe in both themes."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

from accounts.models import User
from atlas_site.lib.home import PROJECT_ROOT
from atlas_site.management.bootstrap import find_browser
from tests.browser import steps

WIDE = {"width": 1440, "height": 860}
PHONE = {"width": 390, "height": 844}
AXE = PROJECT_ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# What depends on the theme; the others judge structure, words and sizes, which both themes share.
RULES_OF_COLOR = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
OWN_ADDRESSES = ("http://localhost", "http://127.0.0.1", "data:", "blob:")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as one that needs Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def _let_django_work_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread, where Django would refuse to ask the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Start the system's Chromium: Playwright's own is not there."""
    quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-sync", *quiet]
    return {**browser_type_launch_args, "executable_path": find_browser(), "args": arguments}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    """Make every run alike: size, language, time zone, no movement."""
    same = {"locale": "en-US", "timezone_id": "America/Phoenix", "reduced_motion": "reduce", "color_scheme": "light"}
    return {**browser_context_args, **same, "viewport": WIDE}


class Guard:
    """Collects what no page may do: console errors (CSP violations are such), script errors, requests elsewhere."""

    def __init__(self) -> None:
        self.breaches: list[str] = []
        self.allowed: list[str] = []

    def allow(self, pattern: str) -> None:
        """Expect console errors that match, such as the one Chromium writes about a page of status 404."""
        self.allowed.append(pattern)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.breaches.append(str(error.error)))
        context.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(re.search(pattern, message.text) for pattern in self.allowed):
            self.breaches.append(message.text)

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith(OWN_ADDRESSES):
            self.breaches.append(f"a request to {request.url}")


@pytest.fixture
def guard() -> Iterator[Guard]:
    """Fail the test whose pages did what no page may do."""
    guard = Guard()
    yield guard
    assert guard.breaches == []


@pytest.fixture
def context(context: BrowserContext, guard: Guard, transactional_db: None) -> BrowserContext:
    """The context of `page`, guarded."""
    guard.watch(context)
    context.set_default_timeout(2 * steps.PATIENCE)
    return context


@pytest.fixture
def plain_page(new_context: Callable[..., BrowserContext], guard: Guard, transactional_db: None) -> Page:
    """A page of a browser without JavaScript, guarded."""
    context = new_context(java_script_enabled=False)
    context.set_default_timeout(2 * steps.PATIENCE)
    guard.watch(context)
    return context.new_page()


@pytest.fixture
def enter(live_server) -> Callable[[Page, User], Page]:
    """Sign a user in by session: ``enter(page, alice).goto(live_server.url + "/search/")``."""

    def give_session(page: Page, user: User) -> Page:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return page

    return give_session


def wait_for_all(page: Page) -> None:
    """Wait for the whole page and its letters: a click is over when the first of the next page has come."""
    page.wait_for_load_state()
    page.evaluate("document.fonts.ready.then(() => true)")


@pytest.fixture
def assert_accessible() -> Callable[..., None]:
    """Let axe look at the page as it stands, in both themes, and fail on any breach of WCAG 2.2 AA that it finds.

    ``in_dark=False`` leaves the dark theme out, for a page whose colors were seen at another width. The page must
    follow the system's theme, which it does unless the test has chosen one.
    """

    def look(page: Page, *, in_dark: bool = True) -> None:
        wait_for_all(page)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for theme, rules in {"light": RULES, **({"dark": RULES_OF_COLOR} if in_dark else {})}.items():
            page.emulate_media(color_scheme=theme)
            # Of what is well, one node a rule is told: telling all of them takes longer than looking.
            options = {"runOnly": rules, "resultTypes": ["violations"]}
            result = page.evaluate("options => axe.run(document, options)", options)
            found = [
                f"{theme} {breach['id']}: {node['html'][:160]} ({node['failureSummary']})"
                for breach in result["violations"]
                for node in breach["nodes"]
            ]
            assert found == []
            assert result["passes"], "axe looked at nothing"
        page.emulate_media(color_scheme="light")

    return look


@pytest.fixture
def assert_fits() -> Callable[[Page], None]:
    """Fail when the page is wider than its window, so that a phone would have to scroll sideways."""

    def measure(page: Page) -> None:
        wait_for_all(page)
        wider_by = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider_by <= 0, f"{page.url} is {wider_by} pixels wider than its window."

    return measure
