"""The algebra of lists, against plain sets."""

import random
import resource
import time
from functools import reduce
from operator import or_

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.combining import MARKED, MEMBERS_KEPT, Combiner, Entry, Operation, Rule

PLACES = st.lists(st.sampled_from([f"place {n}" for n in range(12)]), max_size=2, unique=True)
OTHERS = st.lists(st.sampled_from([f"phone {n}" for n in range(8)]), max_size=2, unique=True)
CONTACTS = st.lists(st.tuples(PLACES, OTHERS, st.integers(0, 15)), max_size=12)
LISTS = st.lists(CONTACTS, min_size=1, max_size=5)


def numbered(lists):
    """The contacts of lists as entries: [(list, entry)]."""
    flat = [(number, contact) for number, contacts in enumerate(lists) for contact in contacts]
    return [(number, Entry(str(index), *contact)) for index, (number, contact) in enumerate(flat)]


def combine(entries, lists, rule, batch=1_000):
    with Combiner() as combiner:
        for number in range(lists):
            contacts = [entry for of, entry in entries if of == number]
            for start in range(0, len(contacts), batch):
                combiner.add(number, contacts[start : start + batch])
        combiner.settle()
        return [lead for lead in combiner.leads() if rule.takes(lead.mask)]


def by_sets(entries):
    """The leads as sets of contacts, by going over all pairs."""
    leads = []
    for number, entry in (each for each in entries if each[1].place_keys):
        same = [lead for lead in leads if any({*entry.place_keys} & {*other.place_keys} for _, other in lead)]
        leads = [lead for lead in leads if lead not in same] + [
            [(number, entry), *(each for lead in same for each in lead)]
        ]
    holders = {}
    for _, entry in (each for each in entries if each[1].place_keys):
        for key in entry.other_keys:
            holders.setdefault(key, entry.id)
    for number, entry in (each for each in entries if not each[1].place_keys):
        first = [holders[key] for key in entry.other_keys if key in holders]
        found = [lead for lead in leads if {each.id for _, each in lead} & {*first}]
        # The lead that was seen first: the one of the earliest contact with a property, or of the earliest other one.
        found.sort(key=lambda lead: min((not each.place_keys, int(each.id)) for _, each in lead))
        if found:
            found[0].append((number, entry))
        else:
            leads.append([(number, entry)])
        for key in entry.other_keys:
            holders.setdefault(key, entry.id)
    return leads


RULES = {
    Operation.UNION: lambda on, lists: bool(on),
    Operation.INTERSECTION: lambda on, lists: on == {*range(lists)},
    Operation.MINUS: lambda on, lists: on == {0},
    Operation.AT_LEAST: lambda on, lists: len(on) >= 2,
}


@settings(max_examples=300)
@given(lists=LISTS, batch=st.sampled_from([1, 3, 1_000]))
def test_lists_combine_as_sets_do(lists, batch):
    entries = numbered(lists)
    leads = by_sets(entries)
    for operation, takes in RULES.items():
        wanted = [sorted(entry.id for _, entry in lead) for lead in leads if takes({on for on, _ in lead}, len(lists))]
        found = combine(entries, len(lists), Rule(operation, len(lists)), batch)
        assert sorted(sorted(lead.ids) for lead in found) == sorted(wanted)


@settings(max_examples=100)
@given(lists=LISTS)
def test_the_contact_of_which_most_is_known_comes_first(lists):
    entries = dict(enumerate(entry for _, entry in numbered(lists)))
    for lead in combine(numbered(lists), len(lists), Rule(Operation.UNION, len(lists))):
        facts = [entries[int(each)].facts for each in lead.ids]
        assert facts == sorted(facts, reverse=True)
        assert lead.facts == reduce(or_, facts)


def test_an_owner_of_two_houses_is_two_leads_whatever_phone_they_have():
    houses = [Entry("1", ["a"], ["phone"]), Entry("2", ["b"], ["phone"])]
    caller = [Entry("3", [], ["phone"])]
    found = combine([*((0, each) for each in houses), *((1, each) for each in caller)], 2, Rule(Operation.UNION, 2))
    assert [lead.ids for lead in found] == [["1", "3"], ["2"]]


def test_who_marks_a_lead_is_among_its_contacts_however_many_there_are():
    entries = [(number % 2, Entry(str(number), ["a"], [], 2)) for number in range(80)]
    marking = (1, Entry("80", ["a"], [], MARKED))
    (lead,) = combine([*entries, marking], 2, Rule(Operation.INTERSECTION, 2))
    assert (len(lead.ids), lead.ids[-1]) == (MEMBERS_KEPT + 1, "80")
    assert not combine([*entries, marking], 2, Rule(Operation.MINUS, 2))


def test_a_later_contact_joins_two_leads_to_one():
    entries = [Entry("1", ["a"], []), Entry("2", ["b"], []), Entry("3", ["b", "a"], [])]
    assert [lead.ids for lead in combine([(0, each) for each in entries], 1, Rule(Operation.UNION, 1))] == [
        ["1", "2", "3"]
    ]


@pytest.mark.parametrize("count", [0, 1, 20_000])
def test_memory_stays_flat_however_long_the_lists_are(count, record_property):
    chance = random.Random(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    on: list[set[int]] = [set(), set()]
    with Combiner() as combiner:
        for number in range(2):
            for start in range(0, count, 1_000):
                people = [chance.randrange(count) for _ in range(min(1_000, count - start))]
                on[number].update(people)
                combiner.add(number, [Entry(f"{number}-{start}-{n}", [f"place of {n}"], [f"{n}@x"]) for n in people])
        combiner.settle()
        found = sum(lead.mask == 3 for lead in combiner.leads())
    seconds = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1_024
    record_property("seconds", seconds)
    record_property("mebibytes more", grown)
    assert found == len(on[0] & on[1])
    assert grown < 100


def test_who_settles_many_contacts_without_a_property_says_so_on_the_way():
    held = []
    with Combiner() as combiner:
        combiner.add(0, [Entry(str(number), [], [f"phone {number}"]) for number in range(2_500)])
        combiner.settle(lambda: held.append(len(held)))
        assert len(list(combiner.leads())) == 2_500
    assert held == [0, 1, 2]
