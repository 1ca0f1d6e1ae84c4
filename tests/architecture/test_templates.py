"""Rules of templates: what the content policy forbids, what would break escaping, and where a template may stand."""

import re
from pathlib import Path

import pytest

from atlas_site.lib.home import PROJECT_ROOT
from atlas_site.staff.context_processors import NAVIGATION

FOLDER = PROJECT_ROOT / "templates"
PAGES = sorted(FOLDER.rglob("*.html"))
PYTHON = sorted(
    path
    for path in PROJECT_ROOT.rglob("*.py")
    if not {".venv", ".git", ".atlas", "node_modules", "tests", "sandbox"}.intersection(
        path.relative_to(PROJECT_ROOT).parts
    )
)

# allauth includes it under this name.
FRAGMENTS_OF_OTHERS = {"account/password_reset_help_text.html"}

FORBIDDEN_IN_PAGES = {
    "a style attribute: give it a class": re.compile(r"<[a-z][^>]*\sstyle=", re.IGNORECASE),
    "a style element: write it into static/css": re.compile(r"<style\b", re.IGNORECASE),
    "an event attribute: write a module in static/js": re.compile(r"<[a-z][^>]*\son[a-z]+=", re.IGNORECASE),
    "an inline script: write a module in static/js": re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE),
    "code in an htmx attribute, which the policy refuses": re.compile(r"\bhx-(?:on\b|vals=[\"']js:)"),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "text that is not escaped": re.compile(r"\|\s*safe(?:seq)?\b|\{%\s*autoescape off"),
    "another site: assets are our own": re.compile(r"""\b(?:src|srcset|action)=["'](?:https?:)?//"""),
    "a style sheet of another site": re.compile(r"""<link\b[^>]*href=["'](?:https?:)?//"""),
    "a comment that visitors can read": re.compile(r"<!--"),
}
EXAMPLES = [
    '<p class="a" style="color: red">',
    "<style>",
    '<button onclick="x()">',
    "<script>x()</script>",
    '<a hx-on:click="x()">',
    '<a href="javascript:x()">',
    "{{ text|safe }}",
    '<img src="//elsewhere.example/x.png">',
    '<link rel="stylesheet" href="https://elsewhere.example/x.css">',
    "<!-- note -->",
]


def read_markup(path: Path) -> str:
    """Return a template without its template comments, which may speak of what markup may not do."""
    return re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(encoding="utf-8"), flags=re.S)


@pytest.mark.parametrize(("rule", "example"), [*zip(FORBIDDEN_IN_PAGES, EXAMPLES, strict=True)])
def test_each_rule_finds_what_it_forbids(rule, example):
    assert FORBIDDEN_IN_PAGES[rule].search(example)


@pytest.mark.parametrize("rule", FORBIDDEN_IN_PAGES)
def test_no_template_holds(rule):
    assert len(PAGES) > 20
    found = [str(path.relative_to(FOLDER)) for path in PAGES if FORBIDDEN_IN_PAGES[rule].search(read_markup(path))]
    assert found == []


def test_no_code_marks_text_as_safe():
    found = [str(path) for path in PYTHON if re.search(r"\bmark_safe\b|\bSafeString\(", path.read_text("utf-8"))]
    assert found == []


def test_a_page_extends_a_layout_and_a_fragment_begins_with_an_underscore():
    """Mails stand alone, base.html is what all others extend, and the admin has its own base."""
    wrong = []
    for path in PAGES:
        name = str(path.relative_to(FOLDER))
        extends = re.match(r'\s*\{% extends "([^"]+)" %\}', read_markup(path))
        if path.name.startswith("_") or name in FRAGMENTS_OF_OTHERS:
            is_right = extends is None
        elif name == "base.html" or path.parts[-2] in {"email", "emails", "messages"}:
            is_right = extends is None
        elif name.startswith("layouts/"):
            is_right = extends is not None and extends[1] == "base.html"
        elif name.startswith("admin/"):
            is_right = extends is not None and extends[1].startswith("admin/")
        else:
            is_right = extends is not None and (extends[1].startswith("layouts/") or "/_" in extends[1])
        wrong += [] if is_right else [name]
    assert wrong == []


def test_every_form_that_posts_carries_its_token():
    posting = re.compile(r"<form\b[^>]*method=[\"']post[\"'].*?</form>", re.IGNORECASE | re.DOTALL)
    forms = [(path, form) for path in PAGES for form in posting.findall(read_markup(path))]
    assert forms
    # A fragment included in a form may write the fields, never the token.
    assert [str(path.relative_to(FOLDER)) for path, form in forms if "{% csrf_token %}" not in form] == []


def test_every_image_says_what_it_shows():
    images = [(path, image) for path in PAGES for image in re.findall(r"<img\b[^>]*>", read_markup(path))]
    assert images
    assert [str(path.relative_to(FOLDER)) for path, image in images if " alt=" not in image] == []


def test_every_component_says_what_it_takes():
    components = sorted((FOLDER / "partials").glob("_*.html"))
    assert components
    assert [path.name for path in components if not path.read_text("utf-8").startswith("{% comment %}")] == []


def test_every_icon_that_is_handed_to_a_component_is_in_the_sprite():
    sprite = (PROJECT_ROOT / "static/vendor/lucide/sprite.svg").read_text(encoding="utf-8")
    named = {name for path in PAGES for name in re.findall(r'icon_name(?:\|default:|=)"([\w-]+)"', read_markup(path))}
    named |= {icon for _, _, icon in NAVIGATION}
    assert named
    assert [name for name in sorted(named) if f'<symbol id="{name}"' not in sprite] == []


def test_what_stands_at_every_phone_list_is_written_once():
    words = "States differ; ask a lawyer."
    written = [path.name for path in (*PAGES, *PYTHON) if words in path.read_text(encoding="utf-8")]

    assert written == ["people.py"]
