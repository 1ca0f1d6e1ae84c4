"""The page of a property, made of what the vendor's sandbox really sends: each dataset as people read it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from credits.models import Quote
from properties.datasets import DATASET_INFOS
from properties.forms import NotesForm
from properties.models import Dataset, Property, PropertyDatasetPermission, PropertySheet
from properties.selectors import property_page
from properties.services import jobs, runner, unlocks
from tests.factories import PropertyDatasetPermissionFactory, PropertyFactory
from tests.vendors.trees import whole_record

pytestmark = pytest.mark.django_db
EVERYTHING = [dataset for dataset in Dataset.values if dataset not in {"BASIC", "DIVORCE_INFO"}]


@pytest.fixture
def hers(client, alice, sign_in, sandbox):
    """Alice, signed in."""
    return sign_in(client, alice)


@pytest.fixture
def unlock(now):
    """Quote, accept and carry out an unlock, as page and worker do."""

    def run(user, permission, datasets):
        quote = unlocks.quote_unlock(user=user, permission=permission, datasets=datasets, back_url="/", now=now)
        job = jobs.accept_quote(user=user, quote_id=quote.pk, now=now)
        runner.run_job(job_id=str(job.pk), now=timezone.now)

    return run


def patch(property_id: str, **groups) -> None:
    """Let the vendor's record of a property have these groups."""
    address = f"{settings.BATCHDATA_BASE_URL}/_sandbox/records/{property_id}"
    requests.post(address, json=groups, timeout=10).raise_for_status()


def own(user, record, *, datasets=Dataset.values, at=None, **columns) -> PropertyDatasetPermission:
    """Make a user own a property with this record, all datasets asked for at one moment."""
    moment = (at or timezone.now()).isoformat()
    held = PropertyFactory.create(
        data=record,
        asked={dataset: {"at": moment, "hit": True} for dataset in datasets},
        state=record.get("address", {}).get("state") or "AZ",
    )
    return PropertyDatasetPermissionFactory.create(
        user=user, property_id=held.property_id, datasets=list(datasets), state=held.state, **columns
    )


def read(browser, permission) -> str:
    """The text of a property's page, with its tags taken out and spaces made single."""
    answer = browser.get(permission.get_absolute_url())
    assert answer.status_code == 200
    return words(answer.content.decode())


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.replace("&#x27;", "'")))


def section(html: str, dataset: str) -> str:
    """The text of one section of the page."""
    part = html.split(f'id="{dataset.lower()}"', 1)[1]
    return words(part.split('<details class="card dataset"', 1)[0].split("<aside", 1)[0])


def page_of(browser, permission) -> str:
    return browser.get(permission.get_absolute_url()).content.decode()


def test_every_dataset_of_real_records_is_shown_and_says_when_it_was_asked_for(
    hers, alice, phoenix, reveal, unlock, sandbox
):
    reveal(alice, phoenix, 6)
    seen: set[str] = set()
    for permission in PropertyDatasetPermission.objects.filter(user=alice):
        unlock(alice, permission, EVERYTHING)
        html = page_of(hers, permission)
        owned = PropertyDatasetPermission.objects.get(pk=permission.pk).datasets
        for dataset in owned:
            text = section(html, dataset)
            assert "Asked" in text, dataset
            assert "Nothing is on file" not in text, dataset
        seen.update(owned)
        for dataset in set(EVERYTHING) - set(owned):
            assert f'id="{dataset.lower()}"' not in html
            assert "nothing on file" in html or "litigator" in html
        print_page = hers.get(reverse("properties:print-property", args=[permission.property_id]))
        assert print_page.status_code == 200
        assert not re.search("<(form|button|input|nav)", print_page.content.decode())
    assert seen >= {"BASIC", "VALUATION", "DEED", "MORTGAGE_LIENS", "QUICKLIST", "CONTACT", "OWNER", "DEMOGRAPHIC"}


def test_the_page_with_everything_reads_like_this(hers, alice):
    record = whole_record()
    html = page_of(hers, own(alice, record))

    value = section(html, "VALUATION")
    assert "$396,974 estimated value" in value
    assert "Confidence 87 %" in value
    assert "$145,388 equity" in value
    assert "$251,586 owed, about" in value
    assert "figures of Oct 1, 2025" in value
    loans = section(html, "MORTGAGE_LIENS")
    assert "See them among the deeds" in loans
    deeds = section(html, "DEED")
    assert deeds.index("Deed") < deeds.index("All that is on file")
    rank = section(html, "BATCHRANK")
    assert "60.4" in rank and "propensity to sell" in rank
    listing = section(html, "LISTING")
    assert "$415,000 asked" in listing
    assert "Days on the market 23" in listing
    owner = section(html, "OWNER")
    assert "3 properties at the owner's mailing address" in owner
    household = section(html, "DEMOGRAPHIC")
    assert "Not a consumer report. Do not use for credit, insurance, employment or tenant decisions." in household
    phones = section(html, "CONTACT")
    assert "(602) 555-0142" in phones
    assert "A traced number is not permission." in phones
    permits = section(html, "PERMIT")
    assert "$18,500" in permits
    signals = section(html, "QUICKLIST")
    assert "The owner's mail goes to another address." in signals


def test_a_property_of_which_nothing_is_known_is_shown_as_unknown(hers, alice):
    html = page_of(hers, own(alice, {"_id": "x"}))
    text = words(html)

    assert text.count("Nothing is on file as of") == 12
    assert "Beds unknown" in text
    assert "Built unknown" in text
    assert "$0" not in text.replace("$0 repairs", "").replace("$0 fee", "")


@pytest.mark.parametrize("dataset", [each for each in Dataset.values if each != "DIVORCE_INFO"])
def test_a_section_whose_values_are_all_null_never_fails_and_never_says_no(hers, alice, dataset):
    hollow = {
        "valuation": {"estimatedValue": 100000}, "deedHistory": [{"buyers": ["A"]}], "listing": {"status": "Active"},
        "foreclosure": {"trusteeName": "T"}, "openLien": {"mortgages": [{"lenderName": "L"}]},
        "intel": {"salePropensityCategory": "High"}, "propertyOwnerProfile": {"mortgagesCount": 1},
        "permit": {"tags": {"solar": True}}, "quickLists": {"vacant": True}, "demographics": {"income": 1},
        "owner": {"phoneNumbers": [{"number": "6025550142"}]}, "general": {"vacant": None, "mobileHome": True},
    }  # fmt: skip
    text = section(page_of(hers, own(alice, hollow)), dataset)

    assert "None" not in text.replace("None of", "")
    assert not re.search(r"[:>] No\b", text), text


def test_signals_are_told_apart_as_held_not_held_and_unknown(hers, alice):
    record = {"quickLists": {"vacant": True, "inherited": False, "taxDefault": None, "seniorOwner": True}}
    text = section(page_of(hers, own(alice, record)), "QUICKLIST")

    held, rest = text.split("1 do not hold")
    absent, unknown = re.split(r"\d+ unknown", rest)
    assert "Vacant The postal service" in held
    assert "Inherited" in absent and "Inherited" not in held
    assert "Tax default" in unknown
    assert "enior" not in text


def test_more_owed_than_it_is_worth_is_shown_as_that(hers, alice):
    record = {"valuation": {"estimatedValue": 200000, "equityPercent": -12.5, "equityCurrentEstimatedBalance": -25000}}
    html = page_of(hers, own(alice, record))
    text = section(html, "VALUATION")

    assert "−$25,000 equity: more is owed than it is worth" in text
    assert "13% below zero" in text
    assert "$225,000 owed, about" in text
    assert 'class="over" x="88.9" width="11.1"' in html


def test_prices_that_a_state_does_not_publish_are_never_zero(hers, alice):
    record = {
        "address": {"state": "TX", "street": "1 Main St"},
        "deedHistory": [{"saleDate": "2020-01-02", "salePrice": 0, "documentType": "Warranty Deed", "buyers": ["A"]}],
        "sale": {"lastSale": {"saleDate": "2020-01-02", "price": 0}},
    }  # fmt: skip
    html = page_of(hers, own(alice, record))

    assert "Not public" in section(html, "DEED")
    assert "Last sale Not public" in words(html)
    assert "$0" not in section(html, "DEED") + section(html, "BASIC")


def test_a_foreclosure_says_where_it_stands(hers, alice):
    today = timezone.now().date()
    record = {
        "foreclosure": {
            "status": "Notice of Sale", "filingDate": "2026-03-01", "pastDueAmount": 14250,
            "trusteeName": "Tom Trustee", "auctionDate": (today + timedelta(days=9)).isoformat(), "defaultDate": None,
        }
    }  # fmt: skip
    text = section(page_of(hers, own(alice, record)), "FORECLOSURE")

    assert "Notice of Sale" in text
    assert re.search(r"[89] days to the auction|10 days to the auction", text)
    assert "Recorded unknown" in text
    assert "Past due $14,250" in text
    assert "Tom Trustee" in text


def test_an_ended_foreclosure_is_not_counted_down(hers, alice):
    today = timezone.now().date()
    record = {"foreclosure": {"status": "Foreclosure Canceled", "auctionDate": (today + timedelta(days=9)).isoformat()}}
    text = section(page_of(hers, own(alice, record)), "FORECLOSURE")

    assert "The foreclosure has ended." in text
    assert "to the auction" not in text


PHONE = {"number": "6025550142", "dnc": False, "tcpa": False, "score": 90, "type": "Mobile"}


@pytest.mark.parametrize(
    ("changes", "owner", "days", "verdict"),
    [
        ({}, {}, 1, "May be dialed"),
        ({}, {}, 30, "May be dialed"),
        ({}, {}, 32, "Do not dial the check is older than 31 days"),
        ({"dnc": True}, {}, 1, "Do not dial on a do-not-call list"),
        ({"tcpa": True}, {}, 1, "Do not dial on a TCPA list"),
        ({"dnc": None}, {}, 1, "Do not dial not checked against the do-not-call and TCPA lists"),
        ({"tcpa": None}, {}, 1, "Do not dial not checked"),
        ({}, {"dnc": {"tcpa": True}}, 1, "Do not dial the owner is on a TCPA list"),
    ],
)
def test_a_number_may_be_dialed_only_when_a_fresh_check_says_so(hers, alice, changes, owner, days, verdict):
    record = {"owner": {"phoneNumbers": [{**PHONE, **changes}], **owner}}
    permission = own(alice, record, at=timezone.now() - timedelta(days=days))

    assert verdict in section(page_of(hers, permission), "CONTACT")


def test_the_numbers_of_a_known_litigator_are_withheld(hers, alice):
    record = {"owner": {"phoneNumbers": [PHONE], "litigator": True, "emails": ["a@example.com"]}}
    html = page_of(hers, own(alice, record))

    assert "Known litigator. Numbers withheld, nothing charged." in section(html, "CONTACT")
    assert "555-0142" not in html and "6025550142" not in html


def test_a_litigator_is_told_to_whom_asked_and_to_nobody_else(hers, alice, bob, fund, phoenix, reveal, unlock, sign_in):
    reveal(alice, phoenix, 1)
    permission = PropertyDatasetPermission.objects.get(user=alice)
    patch(permission.property_id, owner={"litigator": True, "phoneNumbers": [PHONE]})
    unlock(alice, permission, ["CONTACT"])
    sentence = "Known litigator. Numbers withheld, nothing charged."
    assert sentence in read(hers, permission)

    PropertyDatasetPermissionFactory.create(user=bob, property_id=permission.property_id)
    assert sentence not in read(sign_in(hers, bob), permission)


def test_locked_datasets_name_fields_and_never_a_value(hers, alice):
    record = whole_record()
    permission = own(alice, record, datasets=["BASIC"])
    Property.objects.filter(property_id=permission.property_id).update(
        asked={dataset: {"at": timezone.now().isoformat(), "hit": True} for dataset in Dataset.values}
    )
    html = page_of(hers, permission)

    for value in ("396,974", "145,388", "555-0142", "jane.doe@example.com", "60.4", "18,500", "251,586", "415,000"):
        assert value not in html, value
    assert "Estimated value" in html
    assert "value-chart-title" not in html


def test_what_others_unlocked_shows_no_history_to_whom_has_not(hers, alice):
    html = page_of(hers, own(alice, whole_record(), datasets=["BASIC", "MORTGAGE_LIENS"]))

    loans = section(html, "MORTGAGE_LIENS")
    assert "Deed history would add to this history." in loans
    assert "Warranty Deed" not in loans


def test_an_offer_that_was_left_keeps_its_ticks(hers, alice):
    permission = own(alice, {"_id": "x"}, datasets=["BASIC"])
    Property.objects.filter(property_id=permission.property_id).update(asked={})

    quote = hers.post(
        reverse("properties:quote-unlock", args=[permission.property_id]), {"datasets": ["DEED", "VALUATION"]}
    )
    back_url = re.search(r'href="([^"]+#unlock)"', hers.get(quote.url).content.decode())
    assert back_url
    html = hers.get(back_url.group(1).replace("&amp;", "&").split("#")[0]).content.decode()

    ticked = re.findall(r'value="(\w+)" data-price="\d+" checked', html)
    assert sorted(ticked) == ["DEED", "VALUATION"]


def test_the_page_asks_a_bounded_number_of_questions(hers, alice):
    few = own(alice, whole_record(), latitude=33.45, longitude=-112.07, living_area_square_feet=1640)
    with CaptureQueriesContext(
        connection,
    ) as first:
        page_of(hers, few)
    for number in range(30):
        PropertyDatasetPermissionFactory.create(
            user=alice, latitude=33.45 + number / 10_000, longitude=-112.07, living_area_square_feet=1640
        )
    with CaptureQueriesContext(connection) as second:
        page_of(hers, few)

    # Only where there are any, the rows of what is comparable are read too.
    assert len(second) <= len(first) + 1 <= 13, [query["sql"][:90] for query in first]


def test_what_else_is_owned_nearby_is_listed_after_the_page_or_on_request(hers, alice):
    permission = own(alice, whole_record(), latitude=33.45, longitude=-112.07)
    nearby = PropertyDatasetPermissionFactory.create(user=alice, latitude=33.46, longitude=-112.07)
    address = reverse("properties:show-neighbors", args=[permission.property_id])
    page = page_of(hers, permission)
    assert f'hx-get="{address}" hx-trigger="load"' in page
    assert f'data-property-id="{nearby.property_id}"' not in page.split('id="neighbors"')[1]

    part = hers.get(address, HTTP_HX_REQUEST="true").content.decode()
    whole = hers.get(address, follow=True).content.decode()

    assert part.count("data-property-id") == 1
    assert f'data-property-id="{nearby.property_id}"' in part
    assert "0.69 mi" in part
    assert "<html" not in part
    assert f'data-property-id="{nearby.property_id}"' in whole.split('id="neighbors"')[1]
    assert address not in whole


def test_fields_of_numbers_are_made_once_for_everybody(hers, alice):
    permission = own(alice, whole_record())
    page_of(hers, permission)
    again = hers.get(permission.get_absolute_url())

    assert [template.name for template in again.templates].count("forms/_field.html") == len(NotesForm.base_fields)
    for form in (again.context["limits_form"], again.context["sheet_form"]):
        for field in form:
            assert field.as_field_group() in again.content.decode(), field.name


def test_the_page_of_somebody_else_does_not_exist_in_any_of_its_parts(hers, bob, sign_in, alice):
    permission = own(alice, whole_record())
    his = sign_in(hers, bob)

    for name in ("show-property", "print-property", "show-neighbors"):
        assert his.get(reverse(f"properties:{name}", args=[permission.property_id])).status_code == 404
    for name in ("quote-unlock", "save-sheet", "pin-comparable", "save-notes", "quote-refresh", "quote-comparables"):
        assert his.post(reverse(f"properties:{name}", args=[permission.property_id])).status_code == 404


def test_asking_again_is_a_quote_and_charges_only_what_changed(hers, alice, phoenix, reveal, now):
    reveal(alice, phoenix, 1)
    permission = PropertyDatasetPermission.objects.get(user=alice)
    url = reverse("properties:quote-refresh", args=[permission.property_id])
    assert "free if not (50 left this month)" in read(hers, permission)

    quote = hers.post(url, {"datasets": "BASIC"})
    assert "Ask again for Property and owner" in hers.get(quote.url).content.decode()
    job = jobs.accept_quote(user=alice, quote_id=quote.url.rstrip("/").rsplit("/", 1)[-1], now=now)
    runner.run_job(job_id=str(job.pk), now=timezone.now)

    text = read(hers, permission)
    assert "Asked again: 0 credits charged of 1 credit quoted" in text
    assert "free if not (49 left this month)" in text


@pytest.mark.parametrize("datasets", [[], ["DEED"], ["NONSENSE"]])
def test_asking_again_for_what_is_not_owned_says_so(hers, alice, datasets):
    permission = own(alice, {"_id": "x"}, datasets=["BASIC"])

    answer = hers.post(
        reverse("properties:quote-refresh", args=[permission.property_id]), {"datasets": datasets}, follow=True
    )

    assert "Unlock a dataset first" in answer.content.decode()


def test_phones_are_one_purchase_and_offer_no_button_that_does_nothing(hers, alice):
    permission = own(alice, whole_record())
    PropertyDatasetPermission.objects.filter(pk=permission.pk).update(
        unlocked={"BASIC": "2026-01-01T00:00:00+00:00", "CONTACT": timezone.now().isoformat()}
    )
    html = page_of(hers, permission)

    assert "One purchase until" in section(html, "CONTACT")
    assert "Ask again" not in section(html, "CONTACT")
    assert "Ask again" in section(html, "VALUATION")


def test_phones_over_thirty_days_old_are_offered_again_while_they_are_one_purchase(hers, alice):
    permission = own(alice, whole_record())
    bought = timezone.now() - timedelta(days=31)
    PropertyDatasetPermission.objects.filter(pk=permission.pk).update(unlocked={"CONTACT": bought.isoformat()})
    held = Property.objects.get(property_id=permission.property_id)
    held.asked = {**held.asked, "CONTACT": {"at": bought.isoformat(), "hit": True}}
    held.save()

    html = page_of(hers, permission)

    assert "Ask again" in section(html, "CONTACT")
    assert "One purchase until" not in section(html, "CONTACT")


def test_comparables_of_the_vendor_are_a_quote_and_then_stand_in_the_table(hers, alice, phoenix, reveal, now):
    reveal(alice, phoenix, 1)
    permission = PropertyDatasetPermission.objects.get(user=alice)
    limits = {"miles": "25", "bedrooms": "", "bathrooms": "", "area_percent": "", "years": "", "months": ""}

    quote = hers.post(reverse("properties:quote-comparables", args=[permission.property_id]), limits)
    assert quote.url.startswith("/credits/") or "quote" in quote.url, quote.url
    job = jobs.accept_quote(user=alice, quote_id=quote.url.rstrip("/").rsplit("/", 1)[-1], now=now)
    runner.run_job(job_id=str(job.pk), now=timezone.now)

    found = PropertyDatasetPermission.objects.filter(user=alice).exclude(pk=permission.pk)
    assert 1 <= found.count() <= 10
    for params in (limits, {**limits, "miles": "0.1"}):
        table = hers.get(permission.get_absolute_url(), params).content.decode().split('id="comparables"')[1]
        assert all(row.property_id in table for row in found)
        assert table.count("<small>found for this property") == found.count()


def test_comparables_where_there_are_none_cost_nothing(hers, alice, phoenix, reveal):
    reveal(alice, phoenix, 1)
    permission = PropertyDatasetPermission.objects.get(user=alice)

    answer = hers.post(
        reverse("properties:quote-comparables", args=[permission.property_id]),
        {"miles": "0.1", "bedrooms": "0", "bathrooms": "0", "area_percent": "0", "years": "0", "months": ""},
        follow=True,
    )

    assert "The vendor knows no further property within these limits." in answer.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"miles": "999"},
        {"miles": "nan"},
        {"miles": "", "months": "0"},
        {"miles": "2", "bedrooms": "two"},
        {"miles": "2", "years": "250"},
    ],
)
@pytest.mark.parametrize("view", ["quote-comparables", "save-sheet"])
def test_limits_of_comparables_that_are_wrong_come_back_as_errors_at_their_fields(hers, alice, wrong, view):
    permission = own(alice, whole_record())
    figures = {"percent": "70", "repairs": "0", "fee": "0"} if view == "save-sheet" else {}

    page = hers.post(reverse(f"properties:{view}", args=[permission.property_id]), {**wrong, **figures})

    name, typed = list(wrong.items())[-1]
    html = page.content.decode()
    assert f'id="id_{name}_error"' in html
    assert f'name="{name}" value="{typed}"' in html
    assert "Mend the limits first" in html
    assert "Find up to 10 new ones" not in html
    assert not Quote.objects.filter(user_id=alice.pk).exists()
    assert not PropertySheet.objects.filter(user=alice).exists()


def test_every_value_that_a_story_asks_for_is_one_that_may_be_shown():
    """A path that the catalog does not list would never be found, and the story would silently say "unknown"."""
    listed = set()
    for info in DATASET_INFOS.values():
        for part in (part for each in info.sections for part in each.parts):
            listed.add(part.path)
            listed.update(column.path for column in getattr(part, "columns", ()))
    folder = Path(property_page.__file__).parent / "dossier"
    asked = {
        path
        for file in folder.glob("*.py")
        for path in re.findall(r'"((?:[a-z][A-Za-z]+\.)+[A-Za-z]+)"', file.read_text(encoding="utf-8"))
    }

    assert len(asked) > 30
    assert asked <= listed
