"""What the frame around every page needs: the theme, the navigation and the credit balance."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest
from django.urls import reverse

from credits import selectors as credit_selectors

THEMES = ("light", "dark", "auto")

NAVIGATION = (
    ("Search", "properties:search", "search"),
    ("My properties", "properties:list-properties", "building-2"),
    ("Saved searches", "properties:list-saved-searches", "bookmark"),
    ("Lists", "leads:list-groups", "list"),
    ("Today", "today:show-today", "phone"),
    ("Credits", "credits:show-credits", "coins"),
    ("Billing", "billing:show-billing", "credit-card"),
)


@dataclass(frozen=True)
class NavigationItem:
    """One link of the main navigation; `is_current` when the page lies below its address."""

    label: str
    url: str
    icon: str
    is_current: bool


def page_frame(request: HttpRequest) -> dict:
    """Return what layouts/app.html shows around a page.

    `theme` is light, dark or auto. `nav_items` and `header_balance` (whole credits that can be spent, or None) are
    functions, which templates call: pages without a frame, such as the admin's, never pay for them.
    """
    return {
        "theme": read_theme(request),
        "nav_items": cache(lambda: list_navigation(request.path)),
        "header_balance": _read_balance(request),
    }


def read_theme(request: HttpRequest) -> str:
    """Return the theme that this browser has chosen; auto follows the system."""
    theme = request.COOKIES.get("theme", "")
    return theme if theme in THEMES else "auto"


def list_navigation(path: str) -> list[NavigationItem]:
    """Return the links of the main navigation as seen from the page at `path`."""
    links = [(label, reverse(name), icon) for label, name, icon in NAVIGATION]
    return [NavigationItem(label, url, icon, is_current=path.startswith(url)) for label, url, icon in links]


def _read_balance(request: HttpRequest) -> Callable[[], int | None]:
    @cache
    def read() -> int | None:
        user = getattr(request, "user", None)
        return credit_selectors.header_balance(user) if user and user.is_authenticated else None

    return read
