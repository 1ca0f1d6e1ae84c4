"""The user's own words on a property: kept as written, tags made alike, nobody else's touched."""

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from atlas_site.mongodb.explain import recorded_reads
from properties.models import PropertyDatasetPermission
from properties.services import notes
from tests.factories import PropertyDatasetPermissionFactory, PropertyFactory


@pytest.fixture
def owned(alice, db):
    held = PropertyFactory.create()
    return PropertyDatasetPermissionFactory.create(user=alice, property_id=held.property_id)


def row_of(permission) -> PropertyDatasetPermission:
    return PropertyDatasetPermission.objects.get(pk=permission.pk)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ([" Driven  By ", "driven by", ""], ["driven by"]),
        (["Cafe\u0301", "CAFÉ"], ["café"]),
        (["a\tb\u200bc", "x,y"], ["a b c", "x y"]),
        (["  "], []),
    ],
)
def test_tags_are_made_alike(written, kept):
    assert notes.normalize_tags(written) == kept


@given(st.lists(st.text(max_size=30), max_size=10))
def test_tags_that_are_kept_are_kept_as_they_are(written):
    try:
        once = notes.normalize_tags(written)
    except notes.TooLong:
        return
    assert notes.normalize_tags(once) == once
    assert all(0 < len(tag) <= notes.LONGEST_TAG and "," not in tag for tag in once)


def test_too_many_and_too_long_are_refused(owned):
    where = {"user_id": owned.user_id, "property_id": owned.property_id}
    with pytest.raises(notes.TooManyTags):
        notes.set_tags(**where, tags=[str(number) for number in range(21)])
    with pytest.raises(notes.TooLong):
        notes.set_tags(**where, tags=["x" * 41])
    with pytest.raises(notes.TooLong):
        notes.set_notes(**where, notes="x" * 10_001)
    notes.set_notes(**where, notes="x" * 10_000)
    notes.set_tags(**where, tags=[str(number) for number in range(20)])
    assert len(row_of(owned).tags) == 20


def test_a_note_keeps_its_lines(owned):
    notes.set_notes(user_id=owned.user_id, property_id=owned.property_id, notes="  one\r\n\r\n two\0 \n")

    assert row_of(owned).notes == "one\n\n two"


def test_nobody_writes_on_a_property_that_they_do_not_own(owned, bob):
    for write in (lambda: notes.set_notes(user_id=bob.pk, property_id=owned.property_id, notes="mine"),
                  lambda: notes.set_tags(user_id=bob.pk, property_id=owned.property_id, tags=["mine"])):  # fmt: skip
        with pytest.raises(PropertyDatasetPermission.DoesNotExist):
            write()
    assert (row_of(owned).notes, row_of(owned).tags) == ("", [])


def test_the_page_saves_shows_and_links_them(client, sign_in, alice, owned):
    hers = sign_in(client, alice)
    url = reverse("properties:save-notes", args=[owned.property_id])

    answer = hers.post(url, {"notes": "<b>Blue</b> door", "tags": "Corner Lot, driven by"}, follow=True)

    html = answer.content.decode()
    assert "&lt;b&gt;Blue&lt;/b&gt; door" in html
    assert '?tag=corner%20lot"' in html
    assert row_of(owned).tags == ["corner lot", "driven by"]


def test_what_is_refused_stays_in_the_form(client, sign_in, alice, owned):
    url = reverse("properties:save-notes", args=[owned.property_id])

    html = sign_in(client, alice).post(url, {"notes": "kept", "tags": "x" * 41}).content.decode()

    assert "<title>Error:" in html
    assert "A tag has at most 40 characters." in html
    assert "kept</textarea>" in html
    assert row_of(owned).notes == ""


@pytest.mark.parametrize(
    ("view", "form"),
    [
        ("properties:save-notes", {"notes": "vacant since May", "tags": "hot"}),
        ("properties:save-sheet", {"percent": "70", "repairs": "0", "fee": "0"}),
        ("properties:show-in-searches", None),
    ],
)
def test_writing_down_reads_what_the_user_owns_and_not_the_whole_record(client, sign_in, alice, owned, view, form):
    browser = sign_in(client, alice)
    url = reverse(view, args=[owned.property_id])
    with recorded_reads() as reads:
        answer = browser.get(url, headers={"HX-Request": "true"}) if form is None else browser.post(url, form)

    assert answer.status_code == (200 if form is None else 302)
    assert "PropertyDatasetPermission" in {collection.name for collection, _ in reads}
    assert "Property" not in {collection.name for collection, _ in reads}
    assert browser.get(reverse(view, args=["not-hers"])).status_code in {404, 405}
