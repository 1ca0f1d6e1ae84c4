"""The table of contacts: every order both ways, every filter against a plain model, all of it from indexes."""

import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas_site.mongodb.conditions import Matches
from atlas_site.mongodb.explain import assert_index_scan
from leads.imports.lookup import digits_of, words_of
from leads.models import Contact
from leads.selectors.contact_orders import SORTS, STAGES
from leads.selectors.contacts import (
    BARRED,
    CALLABLE,
    PHONE,
    TRACED,
    ContactChoice,
    list_contacts,
    neighbors_of,
    read_choice,
)
from tests.factories import NOON, LeadGroupFactory, UserFactory
from tests.leads.contacts.people import make_contacts

VALUE_OF = {
    "name": lambda each: each.name_key,
    "score": lambda each: each.engagement_score,
    "stage": lambda each: STAGES.index(each.stage),
    "next": lambda each: each.next_touch_on,
    "touched": lambda each: each.last_touched_at,
    "newest": lambda each: each.pk,
}
MOMENT = NOON + timedelta(minutes=1)


def in_order(contacts, sort):
    """What Python makes of an order: those without the value last both ways, equals by id."""
    value_of, rises = VALUE_OF[sort.removesuffix("-up")], sort.endswith("-up")
    known = [each for each in contacts if value_of(each) is not None]
    unknown = [each for each in contacts if value_of(each) is None]
    known.sort(key=lambda each: (value_of(each), each.pk), reverse=not rises)
    unknown.sort(key=lambda each: each.pk, reverse=not rises)
    return [each.pk for each in known + unknown]


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_gives_each_contact_once_on_pages_there_and_back(db, sort):
    group = LeadGroupFactory.create()
    contacts = make_contacts(group, 60)
    make_contacts(LeadGroupFactory.create(user=group.user), 5, seed=2)
    expected = in_order(contacts, sort)
    for count in (1, 7, 25):
        seen, pages, after = [], [], ""
        while True:
            page = list_contacts(group, now=MOMENT, sort=sort, after=after, count=count)
            seen += [each.pk for each in page.contacts]
            pages.append(page)
            after = page.following
            if not after:
                break
        assert seen == expected, count
        for earlier, page in zip(reversed(pages[:-1]), reversed(pages[1:]), strict=True):
            back = list_contacts(group, now=MOMENT, sort=sort, before=page.preceding, count=count)
            assert [each.pk for each in back.contacts] == [each.pk for each in earlier.contacts]
        assert pages[0].preceding == ""


def test_the_neighbors_of_each_contact_are_those_of_the_order(db):
    group = LeadGroupFactory.create()
    contacts = make_contacts(group, 25)
    by_id = {each.pk: each for each in contacts}
    choice = ContactChoice(dnc="no")
    for sort in SORTS:
        fitting = in_order([each for each in contacts if not each.do_not_call], sort)
        for number, pk in enumerate(fitting):
            beside = neighbors_of(by_id[pk], group, choice=choice, sort=sort, now=MOMENT)
            assert beside.preceding == (str(fitting[number - 1]) if number else ""), sort
            assert beside.following == (str(fitting[number + 1]) if number + 1 < len(fitting) else ""), sort


def fits(contact: Contact, choice: ContactChoice) -> bool:
    """The plain model of every filter."""
    is_callable = contact.callable_until is not None and contact.callable_until > MOMENT
    outcome = contact.trace_outcome
    checks = [
        not choice.stage or contact.stage == choice.stage,
        not choice.call or is_callable == (choice.call == "yes"),
        not choice.phone or bool(contact.phone) == (choice.phone == "yes"),
        not choice.dnc or bool(contact.do_not_call) == (choice.dnc == "yes"),
        not choice.state or contact.state == choice.state,
        not choice.traced or (bool(outcome) if choice.traced == "any" else (outcome or "none") == choice.traced),
    ]
    if choice.find:
        words, digits = words_of(choice.find), digits_of(choice.find)
        found = [words and any(key.startswith(words) for key in contact.find_keys)]
        found.append(len(digits) >= 3 and any(phone["number"].startswith(digits) for phone in contact.phones))
        checks.append(any(found))
    return all(checks)


def maybe(*values):
    return st.sampled_from(("", "", *values))


CHOICES = st.builds(
    ContactChoice,
    find=maybe("berg", "Ada B", "oak", "3 OAK", "öst", "614-555-00", "(614) 555", "1", "zz", "***", "Berg ada"),
    stage=maybe(*Contact.Stage.values),
    call=maybe(*CALLABLE),
    traced=maybe(*TRACED),
    phone=maybe(*PHONE),
    dnc=maybe(*BARRED),
    state=maybe("OH", "ZZ"),
)


@pytest.fixture
def crowd(db):
    group = LeadGroupFactory.create()
    contacts = make_contacts(group, 150, seed=5)
    make_contacts(LeadGroupFactory.create(user=group.user), 20, seed=6)
    make_contacts(LeadGroupFactory.create(user=UserFactory.create()), 20, seed=5)
    return group, contacts


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choice=CHOICES, sort=st.sampled_from(list(SORTS)))
def test_filters_find_what_a_plain_model_finds(crowd, choice, sort):
    group, contacts = crowd
    expected = in_order([each for each in contacts if fits(each, choice)], sort)
    page = list_contacts(group, now=MOMENT, choice=choice, sort=sort, count=200)
    assert [each.pk for each in page.contacts] == expected
    assert page.total.number == len(expected)
    assert read_choice(choice.urlencode()) == choice
    assert len(choice.chips()) == len(choice.params())


def test_a_page_begins_behind_a_contact_that_does_not_fit_any_more(db):
    group = LeadGroupFactory.create()
    make_contacts(group, 30, stage="new")
    choice = ContactChoice(stage="new")
    first = list_contacts(group, now=MOMENT, choice=choice, count=10)
    Contact.objects.filter(pk=first.contacts[-1].pk).update(stage="talking")
    second = list_contacts(group, now=MOMENT, choice=choice, count=10, after=first.following)
    whole = [each.pk for each in list_contacts(group, now=MOMENT, count=30).contacts]
    assert [each.pk for each in second.contacts] == whole[10:20]


SPARSE = {
    "callable": ContactChoice(call="yes"),
    "barred": ContactChoice(dnc="yes"),
    "traced": ContactChoice(traced="hit"),
    "stage": ContactChoice(stage="talking"),
    "name": ContactChoice(find="berg"),
    "number": ContactChoice(find="614555"),
    "several": ContactChoice(call="yes", stage="new", state="OH", phone="yes", dnc="no"),
}


@pytest.fixture
def many(db):
    group = LeadGroupFactory.create()
    make_contacts(group, 400, seed=9)
    return group


@pytest.mark.parametrize("sort", SORTS)
def test_every_page_of_every_order_is_one_stretch_of_an_index(many, sort):
    edges = [None, *random.Random(3).sample(list(Contact.objects.filter(lead_group_id=many.pk)), 3)]
    rows = ContactChoice().rows(many, MOMENT)
    for edge in edges:
        parts = [*SORTS[sort].after(rows, edge), *(SORTS[sort].before(rows, edge) if edge else ())]
        for part in parts:
            assert_index_scan(part[:26])


@pytest.mark.parametrize("choice", SPARSE.values(), ids=SPARSE)
def test_every_filter_is_found_and_counted_by_an_index(many, choice):
    rows = choice.rows(many, MOMENT)
    assert_index_scan(rows.order_by()[:26])
    assert_index_scan(rows.filter(Matches({"_id": {"$gt": many.pk}})).order_by("pk")[:26])
