"""Third-party assets: whatever a page or style sheet names is listed in package.json and really there."""

import json
import re
from pathlib import Path

import pytest

from atlas_site.lib.home import PROJECT_ROOT

VENDORED = PROJECT_ROOT / "static" / "vendor"
LISTED = json.loads((PROJECT_ROOT / "package.json").read_text())["atlas"]
SHIPPED = {*LISTED["vendor"], "lucide/sprite.svg"}
PAGES = sorted([*(PROJECT_ROOT / "templates").rglob("*.html"), *PROJECT_ROOT.glob("*/templatetags/*.py")])
STYLES_AND_SCRIPTS = sorted(
    path
    for folder in ("css", "js")
    for path in (PROJECT_ROOT / "static" / folder).rglob("*")
    if path.suffix in {".css", ".js"}
)


def find_vendor_names(path: Path) -> set[str]:
    """Return the files below vendor/ that a template, style sheet or script names."""
    return set(re.findall(r"""vendor/([\w@./-]+\.\w+)""", path.read_text()))


def find_icon_names(path: Path) -> set[str]:
    """Return the icons a template names: in an icon tag, or as a fragment of the sprite."""
    text = path.read_text()
    return set(re.findall(r"""\{% icon ["']([\w-]+)["']""", text)) | set(
        re.findall(r"""sprite\.svg'? ?%?\}?#([\w-]+)""", text)
    )


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_listed_file_is_there_and_not_empty(name):
    assert (VENDORED / name).stat().st_size > 100


def test_nothing_else_is_shipped():
    assert {str(path.relative_to(VENDORED)) for path in VENDORED.rglob("*") if path.is_file()} == {*SHIPPED, ".stamp"}


def test_every_vendor_file_that_a_page_style_or_script_names_is_listed():
    named = {path: find_vendor_names(path) - SHIPPED for path in [*PAGES, *STYLES_AND_SCRIPTS]}
    assert any(find_vendor_names(path) for path in named), "the search found no name at all"
    assert {path: names for path, names in named.items() if names} == {}


def test_every_icon_that_a_page_names_is_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (VENDORED / "lucide" / "sprite.svg").read_text()))
    assert sprite == set(LISTED["icons"])
    named = {path: find_icon_names(path) - sprite for path in PAGES}
    assert {path: names for path, names in named.items() if names} == {}


def test_no_shipped_file_names_a_source_map():
    texts = [path for path in VENDORED.rglob("*") if path.suffix in {".css", ".js"}]
    assert len(texts) >= 4
    assert [path for path in texts if "sourceMappingURL" in path.read_text()] == []
