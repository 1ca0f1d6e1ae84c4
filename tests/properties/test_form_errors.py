"""Every form of the property pages tells its errors alike: in the title, summed up with links, and at the field."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import PropertyDatasetPermissionFactory, PropertyFactory, SavedSearchFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(alice: User, sign_in) -> Callable[[str, dict], str]:
    """The page that answers one of alice's forms."""
    held = PropertyFactory.create()
    owned = PropertyDatasetPermissionFactory.create(user=alice, property_id=held.property_id)
    search = SavedSearchFactory.create(user=alice, filters={"q": ["Phoenix, AZ"]}, cadence="daily")
    paths = {
        "search": reverse("properties:search"),
        "list": reverse("properties:list-properties"),
        "limits": owned.get_absolute_url(),
        "sheet": reverse("properties:save-sheet", args=[held.property_id]),
        "notes": reverse("properties:save-notes", args=[held.property_id]),
        "watch": reverse("properties:arm-watch", args=[search.pk]),
    }
    hers = sign_in(Client(), alice)

    def ask(form: str, values: dict) -> str:
        method = hers.get if form in {"search", "list", "limits"} else hers.post
        answer = method(paths[form], values)
        assert answer.status_code == 200
        return answer.content.decode()

    return ask


WATCH = {"reveals_new": "on", "cap_per_run": "5", "cap_per_month": "20", "ends_on": "2026-02-30"}


@pytest.mark.parametrize(
    ("form", "values", "field"),
    [
        ("search", {"q": "Phoenix, AZ", "value_min": "plenty"}, "value_min"),
        ("search", {"q": "Nowhereville, ZZ"}, "q"),
        ("list", {"beds_min": "five", "find": "12 Main", "tag": "hot", "area": "circle:33.45,-112.07,5"}, "beds_min"),
        ("list", {"q": "Nowhereville, ZZ"}, "q"),
        ("list", {"tag": "x" * 41, "find": "12 Main"}, "tag"),
        ("list", {"find": "1" * 121}, "find"),
        ("limits", {"miles": "900"}, "miles"),
        ("sheet", {"percent": "70", "repairs": "-4", "fee": "0"}, "repairs"),
        ("notes", {"notes": "kept", "tags": "y" * 41}, "tags"),
        ("watch", WATCH, "ends_on"),
        ("watch", {**WATCH, "ends_on": "9999-12-31"}, "ends_on"),
        ("watch", {**WATCH, "ends_on": "0001-01-01"}, "ends_on"),
    ],
)
def test_an_error_is_in_the_title_the_summary_and_at_its_field_and_the_input_stays(send, form, values, field):
    page = send(form, values)

    assert "<title>Error: " in re.sub(r"\s+", " ", page).replace("<title> ", "<title>")
    summary = re.search(r'<div class="error-summary" role="alert" tabindex="-1" autofocus.*?</div>', page, re.DOTALL)
    assert summary, "no summary that takes the focus"
    ((target, said),) = re.findall(r'<a href="#([^"]+)">[^:]+: ([^<]+)</a>', summary[0])
    control = re.search(rf'<(?:input|textarea|select)[^>]* id="{target}"[^>]*>(?:[^<]*</textarea>)?', page)
    assert control, f"the summary leads to {target}, and there is none"
    assert f'name="{field}"' in control[0]
    assert 'aria-invalid="true"' in control[0]
    assert unescape(values[field]) in control[0], "what was typed is gone"
    for name, value in values.items() if form == "list" else ():
        kept = re.findall(rf'<input type="(?:hidden|text|search)" name="{name}"[^>]*>', page)
        assert all(f'value="{value}"' in each for each in kept), f"{name} is gone"
    (notes,) = re.findall(rf'id="{target}_error"[^>]*>(.*?)</div>\s*(?:</div>)?', page, re.DOTALL)
    assert said in notes
    assert re.search(rf'aria-describedby="[^"]*{target}_error', control[0])
