"""Answers of version 3 of the vendor's interface say the same of each row as those of version 1."""

from collections import Counter

import pytest
import requests
from django.conf import settings as live_settings

from atlas_site.vendors.batchdata import TraceRequest, read_trace
from atlas_site.vendors.batchdata.records import Address, PersonName
from leads.models import RowState
from leads.services.traces.answers import read_answer
from tests.leads.lists import PLACES, STREETS, person

pytestmark = pytest.mark.django_db


def ask(version: str, wanted: list[TraceRequest]):
    answer = requests.post(
        f"{live_settings.BATCHDATA_BASE_URL}/api/{version}/property/skip-trace",
        json={"requests": [each.body() for each in wanted], "options": {"includeTCPABlacklistedPhones": False}},
        headers={"Authorization": f"Bearer {live_settings.BATCHDATA_API_KEY}"},
        timeout=30,
    )
    return read_trace(answer.json())


def test_both_versions_tell_the_same_of_everybody(sandbox):
    wanted = []
    for number in range(100):
        first, last = person(number)
        city, state, code = PLACES[number % len(PLACES)]
        street = f"{100 + number} {STREETS[number % len(STREETS)]}"
        address = Address(street=street, city=city, state=state, zip=code.zfill(5))
        wanted.append(TraceRequest(row_id=f"row{number}", address=address, name=PersonName(first=first, last=last)))
    rows = [{"contactId": each.row_id, "key": each.row_id, "place": ""} for each in wanted]

    one = read_answer(rows, wanted, ask("v1", wanted))
    three = read_answer(rows, wanted, ask("v3", wanted))

    assert one.states == three.states
    assert Counter(one.states.values())[RowState.HIT] > 40
    assert one.billed == three.billed
    numbers = [
        {trace.key: {phone["number"] for phone in trace.phones} for trace in reading.traces} for reading in (one, three)
    ]
    assert numbers[0] == numbers[1]
