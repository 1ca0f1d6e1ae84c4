"""Quicklists agree with the record that carries them, and searches with the quicklists."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas_site.sandbox.market.quicklists import CONDITIONS, response_key
from tests.sandbox.conftest import Api

Record = dict[str, Any]
INHERITANCE = {"Affidavit of Death", "Administrator's Deed", "Executor's Deed", "Deed of Distribution"}


def mailing(record: Record) -> Record:
    found = record["owner"].get("mailingAddress") or {}
    return found if found.get("street") else {}


def is_absentee(record: Record) -> bool:
    there, here = mailing(record), record["address"]
    return bool(there) and (there["street"], there["zip"]) != (here["street"], here["zip"])


def percent(record: Record) -> float | None:
    return (record.get("valuation") or {}).get("equityPercent")


def listing(record: Record) -> Record:
    found = record.get("listing") or {}
    return {} if found.get("rental") else found


def code(record: Record) -> Any:
    return (record.get("foreclosure") or {}).get("statusCode")


def years_owned(record: Record, today: date) -> float:
    return (today - date.fromisoformat(record["owner"]["ownershipStartDate"])).days / 365.25


MEANINGS = {
    "absentee-owner": lambda r, t: is_absentee(r),
    "in-state-absentee-owner": lambda r, t: is_absentee(r) and mailing(r)["state"] == r["address"]["state"],
    "out-of-state-absentee-owner": lambda r, t: is_absentee(r) and mailing(r)["state"] != r["address"]["state"],
    "out-of-state-owner": lambda r, t: bool(mailing(r)) and mailing(r)["state"] != r["address"]["state"],
    "owner-occupied": lambda r, t: r["owner"].get("ownerOccupied") is True,
    "corporate-owned": lambda r, t: r["owner"]["ownerStatusType"] == "Company Owned",
    "trust-owned": lambda r, t: r["owner"]["ownerStatusType"] == "Trust",
    "senior-owner": lambda r, t: ((r.get("demographics") or {}).get("age") or 0) >= 65,
    "tired-landlord": lambda r, t: (
        is_absentee(r) and r["general"]["propertyTypeDetail"] == "Single Family" and years_owned(r, t) >= 3652 / 365.25
    ),
    "inherited": lambda r, t: r["sale"]["lastTransfer"]["documentType"] in INHERITANCE,
    "same-property-and-mailing-address": lambda r, t: bool(mailing(r)) and not is_absentee(r),
    "high-equity": lambda r, t: percent(r) is not None and percent(r) > 20,
    "low-equity": lambda r, t: percent(r) is not None and percent(r) < 20,
    "unknown-equity": lambda r, t: percent(r) is None,
    "free-and-clear": lambda r, t: r["openLien"]["totalOpenLienCount"] == 0,
    "preforeclosure": lambda r, t: code(r) in ("C", "G", "H"),
    "notice-of-default": lambda r, t: code(r) == "G",
    "notice-of-lis-pendens": lambda r, t: code(r) == "H",
    "notice-of-sale": lambda r, t: code(r) == "C",
    "active-auction": lambda r, t: code(r) == "C" and r["foreclosure"]["auctionDate"] >= t.isoformat(),
    "tax-default": lambda r, t: r["tax"].get("taxDelinquentYear") is not None,
    "involuntary-lien": lambda r, t: bool((r.get("involuntaryLien") or {}).get("liens")),
    "vacant": lambda r, t: r["general"]["vacant"],
    "mailing-address-vacant": lambda r, t: r["general"]["mailingAddressVacant"],
    "vacant-lot": lambda r, t: r["general"]["propertyTypeCategory"] == "Vacant Land",
    "on-market": lambda r, t: listing(r).get("statusCategory") in ("Active", "Pending"),
    "active-listing": lambda r, t: listing(r).get("status") == "Active",
    "pending-listing": lambda r, t: listing(r).get("statusCategory") == "Pending",
    "canceled-listing": lambda r, t: listing(r).get("status") == "Canceled",
    "expired-listing": lambda r, t: listing(r).get("status") == "Expired",
    "failed-listing": lambda r, t: listing(r).get("statusCategory") == "Failed",
    "listed-below-market-price": lambda r, t: (
        listing(r).get("status") == "Active"
        and bool((r.get("valuation") or {}).get("estimatedValue"))
        and listing(r)["price"] < r["valuation"]["estimatedValue"]
    ),
    "recently-sold": lambda r, t: r["sale"]["lastSale"]["saleDate"] >= (t - timedelta(days=365)).isoformat(),
    "fix-and-flip": lambda r, t: (r["sale"].get("flipLength") or 99) <= 24,
}
NOT_IN_THE_RECORD = {"cash-buyer", "for-sale-by-owner", "has-hoa", "has-hoa-fees"}


def listed(record: Record) -> Record:
    """The quicklists of a record, or nothing where the vendor does not know them (missing, or all false)."""
    lists = record.get("quickLists") or {}
    return lists if any(lists.values()) else {}


@pytest.mark.parametrize("slug", sorted(CONDITIONS))
def test_a_quicklist_agrees_with_the_record_and_with_the_search(api: Api, slug: str) -> None:
    key, today = response_key(slug), api.today
    with_lists = [record for record in api.market if listed(record)]
    on_list = {record["_id"] for record in with_lists if listed(record)[key]}
    assert 0 < len(on_list) < len(with_lists)
    assert set(api.ids({"quickLists": [slug]})) == on_list
    if slug not in NOT_IN_THE_RECORD:
        assert on_list == {record["_id"] for record in with_lists if MEANINGS[slug](record, today)}


def test_every_list_is_checked_against_the_record_or_named_as_not_in_it() -> None:
    assert set(CONDITIONS) == set(MEANINGS) | NOT_IN_THE_RECORD


def test_response_keys_are_the_camel_case_of_the_slugs_but_for_two(api: Api) -> None:
    record = next(record for record in api.market if listed(record))
    assert set(record["quickLists"]) == {response_key(slug) for slug in CONDITIONS}
    assert response_key("in-state-absentee-owner") == "absenteeOwnerInState"
    assert response_key("same-property-and-mailing-address") == "samePropertyAndMailingAddress"


SLUGS = st.sampled_from(sorted(CONDITIONS)).flatmap(lambda slug: st.sampled_from([slug, f"not-{slug}"]))


@settings(max_examples=40)
@given(required=st.lists(SLUGS, max_size=3), alternatives=st.lists(SLUGS, max_size=3))
def test_all_required_lists_and_one_of_the_alternatives(
    running_sandbox: Api, required: list[str], alternatives: list[str]
) -> None:
    def is_on(record: Record, slug: str) -> bool:
        name = slug.removeprefix("not-")
        return bool(listed(record).get(response_key(name))) is (name == slug)

    expected = {
        record["_id"] for record in running_sandbox.market
        if all(is_on(record, slug) for slug in required)
        and (not alternatives or any(is_on(record, slug) for slug in alternatives))
    }  # fmt: skip
    criteria = {"quickLists": required, "orQuickLists": alternatives}
    assert running_sandbox.count(criteria) == len(expected)
    page = running_sandbox.search(criteria, take=20, datasets=["basic"])["properties"]
    assert len(page) == min(20, len(expected))
    assert {record["_id"] for record in page} <= expected


def test_counts_per_list_come_only_with_a_count(api: Api) -> None:
    results = api.search({"query": "AZ"}, skip=0, take=0, quicklistCounts=True)
    counts = {row["name"]: row["count"] for row in results["quicklistCounts"]}
    in_arizona = [record for record in api.market if record["address"]["state"] == "AZ"]
    assert counts.keys() == CONDITIONS.keys()
    for slug, count in counts.items():
        assert count == sum(bool(listed(record).get(response_key(slug))) for record in in_arizona)
    assert "quicklistCounts" not in api.search({"query": "AZ"}, skip=0, take=1, quicklistCounts=True)
    assert "quicklistCounts" not in api.search({"query": "AZ"}, skip=5, take=0, quicklistCounts=True)


def test_counts_per_list_obey_filters_that_only_full_records_decide(api: Api) -> None:
    criteria = {"permit": {"allTags": {"inList": ["solar"]}}}
    counts = {
        row["name"]: row["count"] for row in api.search(criteria, take=0, quicklistCounts=True)["quicklistCounts"]
    }
    solar = [r for r in api.market if "solar" in (r.get("permit") or {}).get("allTags", [])]
    assert counts["high-equity"] == sum(bool(listed(record).get("highEquity")) for record in solar) > 0
