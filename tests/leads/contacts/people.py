"""Contacts for tests, with everything by which they are sorted and filtered."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bson import ObjectId

from leads.models import Contact, LeadGroup
from leads.services.find_keys import keys_of
from tests.factories import NOON

NAMES = (("Ada", "Berg"), ("Bo", "Berg"), (None, "Fen"), ("Cy", None), (None, None), ("ada", "berg"), ("Zoë", "Öst"))
STATES = ("OH", "MI", None)
OUTCOMES = ("hit", "no_phone", "miss", None)


def build_contact(group: LeadGroup, chance: random.Random, number: int) -> Contact:
    """A contact by chance: many have the same values, and many have none."""
    first, last = chance.choice(NAMES)
    company = None if first or last else chance.choice(("Oak Holdings LLC", None))
    phones = [{"number": f"614555{number % 10_000:04d}"}] if chance.random() < 0.6 else []
    names = {"firstName": first, "lastName": last, "company": company, "address": f"{chance.randrange(5)} Oak St"}
    keys = keys_of(names)
    return Contact(
        user_id=group.user_id,
        lead_group=group,
        first_name=first,
        last_name=last,
        company=company,
        address=names["address"],
        state=chance.choice(STATES),
        phones=phones,
        phone=phones[0]["number"] if phones else None,
        stage=chance.choice(Contact.Stage.values),
        identity_key=f"{number:032x}",
        name_key=keys["nameKey"],
        find_keys=keys["findKeys"],
        trace_outcome=chance.choice(OUTCOMES),
        do_not_call=chance.choice((True, False, None)),
        callable_until=chance.choice((NOON + timedelta(days=3), NOON - timedelta(days=3), None)),
        engagement_score=chance.choice((0, 5, 40, None)),
        next_touch_on=chance.choice((date(2026, 11, 20), date(2026, 12, 1), None)),
        last_touched_at=chance.choice((datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC), None)),
    )


def make_contacts(group: LeadGroup, count: int, *, seed: int = 1, **values: Any) -> list[Contact]:
    """So many contacts by chance on a list, whose total is kept."""
    chance = random.Random(seed)
    contacts = [build_contact(group, chance, number) for number in range(count)]
    for contact in contacts:
        contact.pk = ObjectId()
        for name, value in values.items():
            setattr(contact, name, value)
    Contact.objects.bulk_create(contacts)
    group.total_contacts = Contact.objects.filter(lead_group_id=group.pk).count()
    group.save()
    return contacts
