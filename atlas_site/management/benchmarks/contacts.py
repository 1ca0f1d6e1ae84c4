"""The table of a list's contacts as the server makes it, against a page with nothing on it."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

import pymongo
from bson import ObjectId
from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import FollowedMarket, User
from atlas_site.management.benchmarks.databases import SECONDS_FOR_INDEXES, serving, take_indexes
from atlas_site.management.benchmarks.million.pages import EMPTY, EMPTY_PAGE, MOST_OVER_EMPTY, STATIC_FILES, PageFailed
from atlas_site.management.benchmarks.timing import WARM_UP_ROUNDS, time_in_turns
from credits.services import open_wallet
from leads.models import Contact, LeadGroup
from leads.services.find_keys import keys_of

ALIAS = "bench_contacts"
OWNER, LIST = ObjectId("0" * 23 + "c"), ObjectId("0" * 23 + "d")
CONTACTS_A_BATCH = 2_000
SEED = 11
FIRST = ("Ada", "Bruno", "Clara", "Dmitri", "Elena", "Felix", "Greta", "Hugo", "Irma", "Jonas")
LAST = ("Berg", "Chon", "Dall", "Fenn", "Gard", "Hart", "Kinn", "Lock", "Mond", "Ridge")
STREETS = ("Oak St", "N Maple Ave", "W 3rd St", "Elm Dr", "Birchwood Ct")
RARE = 50_000  # of so many contacts one is on the do-not-call list


@dataclass(frozen=True)
class ContactReport:
    """How long the pages of a list of so many contacts took, round by round."""

    size: int
    seconds: dict[str, list[float]]

    def over_empty(self, name: str) -> float:
        """How many times as long as the empty page a page takes."""
        return median(self.seconds[name]) / median(self.seconds[EMPTY])

    def is_met(self, name: str) -> bool:
        """Whether a page is as quick as is expected."""
        return self.over_empty(name) <= MOST_OVER_EMPTY

    def as_json(self) -> dict[str, Any]:
        """The report as JSON has it."""
        pages = [
            {
                "name": name,
                "ms": median(each) * 1000,
                "over_empty": self.over_empty(name),
                "is_met": self.is_met(name),
            }
            for name, each in self.seconds.items()
        ]
        return {"contacts": self.size, "pages": pages}


def measure(*, size: int, rounds: int, progress: Callable[[str], object]) -> ContactReport:
    """Measure the pages of a list in a database of its own, which is dropped in the end. Raises PageFailed."""
    with _database(), serving(ALIAS):
        progress(f"making {size:,} contacts")
        _fill(size)
        plain_names = {**settings.STORAGES, "staticfiles": {"BACKEND": STATIC_FILES}}
        site = override_settings(
            ROOT_URLCONF="atlas_site.management.benchmarks.million.pages",
            ALLOWED_HOSTS=["testserver"],
            STORAGES=plain_names,
        )
        with site:
            client = Client()
            client.force_login(User.objects.get(pk=OWNER))
            pages = _pages(client)
            for name, address in list(pages.items()) * WARM_UP_ROUNDS:
                if client.get(address).status_code != 200:
                    raise PageFailed(f"{name} did not answer with a page.")
            progress("measuring the pages of its list")
            runs = {name: partial(_get, client, address) for name, address in pages.items()}
            return ContactReport(size, time_in_turns(runs, rounds=rounds))


def _get(client: Client, address: str, call: int) -> bytes:
    return client.get(address).content


def _pages(client: Client) -> dict[str, str]:
    base = f"/leads/{LIST}/"
    far = Contact.objects.filter(lead_group_id=LIST, name_key__gte="hart").order_by("name_key", "pk")[0].pk
    return {
        EMPTY: EMPTY_PAGE,
        "by name": base,
        "by name, in the middle": f"{base}?after={far}",
        "by name, back from the middle": f"{base}?before={far}",
        "by score": f"{base}?sort=score",
        "by stage": f"{base}?sort=stage-up",
        "by next touch": f"{base}?sort=next-up",
        "by last touch": f"{base}?sort=touched",
        "newest": f"{base}?sort=newest",
        "callable, by score": f"{base}?call=yes&sort=score",
        "a stage, by name": f"{base}?stage=talking",
        "do not call, of which there are few": f"{base}?dnc=yes",
        "found by name": f"{base}?find=ridge+jonas+123",
        "found by number": f"{base}?find=614555&sort=score",
        "several conditions": f"{base}?call=yes&stage=new&phone=yes&state=OH&dnc=no&sort=score",
        "a contact": f"{base}contacts/{far}/",
    }


@contextmanager
def _database() -> Iterator[None]:
    configured = connections[DEFAULT_DB_ALIAS].settings_dict
    connections.settings[ALIAS] = {**deepcopy(configured), "NAME": f"{configured['NAME']}_{ALIAS}"}
    try:
        _drop()  # what a benchmark that was killed has left
        call_command("migrate", database=ALIAS, verbosity=0)
        yield
    finally:
        _drop()
        connections[ALIAS].close_pool()
        del connections[ALIAS]
        del connections.settings[ALIAS]


def _drop() -> None:
    connections[ALIAS].ensure_connection()
    connections[ALIAS].connection.drop_database(connections[ALIAS].settings_dict["NAME"])


def _fill(size: int) -> None:
    user = User.objects.create(id=OWNER, email="lists@atlas.test", name="Owner of lists", onboarding_completed=True)
    FollowedMarket.objects.create(user=user, kind="city", place="Phoenix, AZ", state="AZ")
    open_wallet(user_id=user.pk)
    LeadGroup.objects.create(id=LIST, user=user, name="Everybody", total_contacts=size)
    collection = connections[ALIAS].get_collection(Contact._meta.db_table)
    indexes = take_indexes(collection)
    chance, now = random.Random(SEED), timezone.now()  # noqa: S311 -- the same list each time
    for start in range(0, size, CONTACTS_A_BATCH):
        some = range(start, min(start + CONTACTS_A_BATCH, size))
        collection.insert_many([_document(number, chance, now) for number in some], ordered=False)
    with pymongo.timeout(SECONDS_FOR_INDEXES):
        collection.create_indexes(indexes)


def _document(number: int, chance: random.Random, now: datetime) -> dict[str, Any]:
    """A contact such as a traced list has: a third with numbers, a few with touches."""
    has_phone, is_touched = number % 3 == 0, number % 10 == 0
    names = {
        "firstName": FIRST[number % 10],
        "lastName": f"{LAST[number // 10 % 10]}",
        "middleName": str(number),
        "address": f"{number % 9_000} {STREETS[number % 5]}",
    }
    checked = {"dnc": number % 7 == 0, "tcpa": False, "checkedAt": now.isoformat(), "type": "Mobile", "score": 80}
    phones = [{"number": f"{614 + number % 5}555{number % 10_000:04d}", **checked}] if has_phone else []
    return {
        "_id": ObjectId(),
        "userId": OWNER,
        "leadsId": LIST,
        **names,
        **keys_of(names),
        "city": "Columbus",
        "state": ("OH", "MI", "FL")[number % 3 if number % 2 else 0],
        "zip": "43215",
        "phones": phones,
        "phone": phones[0]["number"] if phones else None,
        "emails": [],
        "identityKey": f"{number:032x}",
        "matchKeys": [f"m{number:011x}"],
        "stage": chance.choice(("new",) * 8 + ("attempting", "talking")),
        "engagementScore": chance.randrange(60) if has_phone else 3,
        "callableUntil": now + timedelta(days=20) if has_phone and number % 7 else None,
        "traceOutcome": "hit" if has_phone else ("miss" if number % 3 == 1 else None),
        "doNotCall": True if number % RARE == 0 else None,
        "lastTouchedAt": now - timedelta(minutes=number % 40_000) if is_touched else None,
        "lastOutcome": "voicemail" if is_touched else None,
        "nextTouchOn": now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=number % 30)
        if is_touched
        else None,
        "isEnriched": has_phone,
        "isDivorceLead": False,
        "createdAt": now,
    }
