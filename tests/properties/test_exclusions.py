"""Leaving lists out of a reveal: frozen with the quote, asked of the vendor, free where it sends them all the same."""

from collections.abc import Iterator

import pytest

from credits.models import Credit
from leads.models import LeadGroup
from leads.services.lists import Address, NewLead, add_lead
from properties import exclusions
from properties.exclusions import Excluded, Frozen, freeze
from properties.models import Property, PropertyJob
from properties.search.form import read_query
from properties.services import allowances, jobs, reveals, runner
from tests.factories import LeadGroupFactory

pytestmark = pytest.mark.django_db

HELD: dict[str, Excluded] = {}


@pytest.fixture(autouse=True)
def lists() -> Iterator[dict[str, Excluded]]:
    """A registered source of exclusions: what the keys "test:…" hold is in the dictionary."""
    exclusions.register(
        "test",
        choices=lambda user: [(key, f"{user.name}'s {key}") for key in HELD],
        ids=lambda user, key: HELD.get(key, Excluded()),
    )
    yield HELD
    HELD.clear()
    exclusions._SOURCES.pop("test")


@pytest.fixture
def without_x():
    return read_query({"q": ["Phoenix, AZ"], "exclude": ["test:x"]})


@pytest.fixture
def known(bob, fund, phoenix, reveal, sandbox) -> list[Property]:
    """The first properties of Phoenix, which bob has revealed."""
    fund(bob, 100)
    ids = [row["propertyId"] for row in reveal(bob, phoenix, 30).rows]
    return [Property.objects.get(property_id=property_id) for property_id in ids]


def accept(user, query, count, now) -> PropertyJob:
    quote = reveals.quote_reveal(user=user, query=query, count=count, total=None, back_url="/", now=now)
    return jobs.accept_quote(user=user, quote_id=quote.pk, now=now)


def run(job, now) -> PropertyJob:
    return runner.run_job(job_id=str(job.pk), now=lambda: now)


def test_what_is_excluded_is_neither_fetched_nor_charged(carol, fund, known, without_x, lists, now, sandbox):
    fund(carol, 100)
    ids = [each.property_id for each in known[:10]]
    hashes = [each.data["address"]["hash"] for each in known[10:20]]
    lists["test:x"] = Excluded(property_ids=tuple(ids), address_hashes=tuple(hashes))
    billed = sandbox.bill()["results_billed"]

    job = run(accept(carol, without_x, 10, now), now)

    assert job.hit_count == 10
    assert {row["propertyId"] for row in job.rows} == {each.property_id for each in known[20:]}
    assert sandbox.bill()["results_billed"] == billed + 10


def test_what_the_vendor_sends_all_the_same_is_free_and_counts_for_the_day(
    carol, fund, known, without_x, lists, now, sandbox, monkeypatch
):
    monkeypatch.setattr(reveals, "EXCLUDED_IDS", 0)  # as if it were beyond what the vendor leaves out
    fund(carol, 100)
    lists["test:x"] = Excluded(property_ids=tuple(each.property_id for each in known[:10]))

    job = run(accept(carol, without_x, 10, now), now)

    assert job.hit_count == 10
    assert [row["outcome"] for row in job.rows].count("on your list") == 10
    assert Credit.objects.get(user=carol).credit_available == 90
    assert allowances.used(carol.pk, allowances.OWNED_ALREADY, now) == 10


def test_the_quote_freezes_what_is_left_out(carol, fund, known, without_x, lists, now, sandbox):
    fund(carol, 100)
    lists["test:x"] = Excluded(property_ids=(known[0].property_id,))
    job = accept(carol, without_x, 5, now)
    lists["test:x"] = Excluded(property_ids=tuple(each.property_id for each in known[:5]))

    job = run(job, now)

    assert {row["propertyId"] for row in job.rows} == {each.property_id for each in known[1:6]}


def test_nobody_is_helped_by_a_key_that_is_not_theirs_or_not_there(carol, now):
    assert not exclusions.excluded_by(carol, ["test:y", "nothing:1", ""])
    assert exclusions.exclusion_choices(carol) == []


def test_choices_and_ids_of_several_lists_come_together(carol, lists):
    lists |= {"test:x": Excluded(("a", "b")), "test:y": Excluded(("b", "c"), ("h",))}

    assert exclusions.excluded_by(carol, ["test:x", "test:y"]) == Excluded(("a", "b", "c"), ("h",))
    assert [key for key, _ in exclusions.exclusion_choices(carol)] == ["test:x", "test:y"]


def test_a_hundred_thousand_are_kept_short_and_told_apart():
    excluded = Excluded(tuple(f"p{number}" for number in range(100_000)), ("h1",))

    kept = freeze(excluded)

    assert len(kept["digests"]) < 1_100_000
    assert len(kept["property_ids"]) == 500
    frozen = Frozen(kept)
    assert frozen.holds("p99999")
    assert frozen.holds("other", "h1")
    assert not any(frozen.holds(f"q{number}") for number in range(100_000))
    assert not frozen.holds(None)


def test_too_much_is_refused_with_a_sentence():
    with pytest.raises(exclusions.TooMuchExcluded, match="200,000"):
        freeze(Excluded(tuple(str(number) for number in range(200_001))))


def test_what_is_on_a_list_of_leads_is_left_out_though_nobody_owns_it(carol, bob, fund, known, now, sandbox):
    """The addresses of the list are written as people write them; the vendor's records are not."""
    fund(carol, 100)
    group = LeadGroupFactory(user=carol, name="Mailed already", total_contacts=10)
    street = known[0].address.replace(" St", " Street").replace(" Ave", " Avenue").upper()
    texts = [street, *(each.address for each in known[1:10])]
    leads = [
        NewLead(full_name="Jo Doe", place=Address(text, "Phoenix", "AZ", each.postal_code))
        for text, each in zip(texts, known, strict=False)
    ]
    for lead in leads:
        add_lead(user=carol, group=group, lead=lead, now=now)
    key = f"list:{group.pk}"
    assert (key, "List: Mailed already") in exclusions.exclusion_choices(carol)
    assert not exclusions.excluded_by(bob, [key])
    query = read_query({"q": ["Phoenix, AZ"], "exclude": [key]})

    job = run(accept(carol, query, 10, now), now)

    assert job.hit_count == 10
    assert [row["outcome"] for row in job.rows].count("on your list") == 10
    assert not {each.property_id for each in known[:10]} & {
        row["propertyId"] for row in job.rows if row["outcome"] != "on your list"
    }
    assert Credit.objects.get(user=carol).credit_available == 90
    LeadGroup.objects.filter(pk=group.pk).update(is_deleted=True)
    assert not exclusions.excluded_by(carol, [key])
