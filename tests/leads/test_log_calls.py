"""A dialer's file becomes touches, never contacts: once, however often it comes and whenever its worker is killed."""

import os
import signal
import time
import warnings
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from leads.models import Contact, DialerChunk, DialerFile, DialerMemory, DoNotCall, Identity, LeadImport, Touch
from leads.services import calls
from leads.services.calls import planning
from leads.services.do_not_call import lift_do_not_call
from tests.factories import ContactFactory, LeadGroupFactory
from tests.leads.conftest import carry_on as carry_import_on
from tests.leads.conftest import upload as upload_list

State = DialerFile.State

HEADER = "Phone Dialed,Call Result,Call Date,Notes\n"
FILE = HEADER + (
    "614-555-0101,No Answer,11/20/2026 9:10 AM,porch light\n"
    "(614) 555-0102,Wrong Number,11/20/2026 9:12 AM,\n"
    "6145550103,DNC,11/20/2026 9:15 AM,angry\n"
    "6145550101,Interested,11/21/2026 10:00 AM,wants an offer\n"
    "6145550777,No Answer,11/20/2026 9:20 AM,\n"
    "6145550888,Do Not Call,11/20/2026 9:21 AM,\n"
    ",Busy,11/20/2026 9:22 AM,\n"
    "6145550101,Not Called,,\n"
)


@pytest.fixture
def people(alice) -> dict[str, Contact]:
    """Three contacts of alice by their first names; Ada is on two lists."""
    first, second = (LeadGroupFactory.create(user=alice, name=name) for name in ("Tax", "Probate"))
    made = {}
    for name, number, group in [("Ada", "6145550101", first), ("Bo", "6145550102", first), ("Cy", "6145550103", first)]:
        made[name] = ContactFactory.create(
            user=alice, lead_group=group, first_name=name, identity_key=name.lower(), phones=[{"number": number}]
        )
    ContactFactory.create(
        user=alice, lead_group=second, first_name="Ada", identity_key="ada", phones=[{"number": "6145550101"}]
    )
    return made


def receive(user, text: str, name: str = "calls.csv") -> DialerFile:
    content = ContentFile(text.encode(), name=name)
    return calls.receive_calls(user=user, content=content, file_name=name, now=timezone.now())


def carry_on(dialer_file: DialerFile, clock=timezone.now) -> DialerFile:
    calls.run_calls(file_id=str(dialer_file.pk), now=clock)
    return DialerFile.objects.get(pk=dialer_file.pk)


def planned(user, text: str) -> DialerFile:
    dialer_file = carry_on(receive(user, text))
    assert dialer_file.state == State.PLANNED, (dialer_file.state, dialer_file.problem, dialer_file.wordings)
    return dialer_file


def commit(dialer_file: DialerFile) -> DialerFile:
    calls.commit_calls(user=dialer_file.user, file_id=str(dialer_file.pk), now=timezone.now())
    return carry_on(dialer_file)


def touches_of(user) -> list[tuple[str, str, str]]:
    found = Touch.objects.filter(user=user).order_by("touched_at", "identity_key")
    return [(touch.identity_key, touch.outcome, touch.text) for touch in found]


def test_calls_become_touches_and_what_follows_from_them(alice, people):
    contacts = Contact.objects.count()
    dialer_file = planned(alice, FILE)
    assert dialer_file.counts == {
        **{"rows": 8, "touches": 4, "known": 0, "calls": 4},
        **{"barred": 1, "unmatched": 1, "ignored": 1, "faulty": 1},
    }
    assert dialer_file.outcomes == {"no_answer": 1, "wrong_number": 1, "do_not_call": 1, "interested": 1}
    assert not Touch.objects.exists()

    done = commit(dialer_file)
    assert (done.state, done.logged) == (State.DONE, 4)
    assert touches_of(alice) == [
        ("ada", "no_answer", "porch light"),
        ("bo", "wrong_number", ""),
        ("cy", "do_not_call", "DNC: angry"),
        ("ada", "interested", "wants an offer"),
    ]
    assert Contact.objects.count() == contacts
    assert {contact.stage for contact in Contact.objects.filter(identity_key="ada")} == {"talking"}
    assert Identity.objects.get(key="bo").bad_numbers == {"6145550102": "wrong_number"}
    assert Identity.objects.get(key="cy").do_not_call_at
    assert set(DoNotCall.objects.values_list("number", flat=True)) == {"6145550103", "6145550888"}
    assert Touch.objects.get(outcome="no_answer").touched_at.isoformat() == "2026-11-20T09:10:00+00:00"


def test_the_same_file_twice_and_a_later_one_with_the_same_calls_log_them_once(alice, people):
    """Dialers write all calls of a campaign anew, with new ones behind them."""
    commit(planned(alice, FILE))
    before = touches_of(alice)
    again = planned(alice, FILE)
    assert again.counts["known"] == again.counts["touches"] == 4
    assert commit(again).logged == 0
    assert touches_of(alice) == before

    longer = planned(
        alice, FILE + "6145550101,Left VM,11/22/2026 8:00 AM,\n" + "6145550101,Left VM,11/22/2026 8:00 AM,\n"
    )
    assert (longer.counts["touches"], longer.counts["known"]) == (6, 4)
    assert commit(longer).logged == 2  # two calls of the same minute are two


def test_rows_that_do_not_say_when_are_known_by_their_file(alice, people):
    text = "Phone,Disposition\n6145550101,No Answer\n6145550101,No Answer\n6145550102,Busy\n"
    commit(planned(alice, text))
    commit(planned(alice, text))
    assert len(touches_of(alice)) == 3
    commit(planned(alice, text + "\n6145550102,Voicemail\n"))
    assert len(touches_of(alice)) == 7  # another file: nothing says that these are the same calls


def test_what_nobody_understands_is_asked_once_and_remembered(alice, people):
    text = HEADER + "6145550101,Hung Up,11/20/2026,\n6145550102,Gatekeeper,11/20/2026,\n6145550103,Busy,11/20/2026,\n"
    dialer_file = carry_on(receive(alice, text))
    assert dialer_file.state == State.ASKING
    assert [(each["text"], each["outcome"]) for each in dialer_file.wordings] == [
        ("Busy", "no_answer"),
        ("Gatekeeper", None),
        ("Hung Up", None),
    ]
    about = {"user": alice, "file_id": str(dialer_file.pk), "mapping": dialer_file.mapping, "now": timezone.now()}
    with pytest.raises(calls.AnswersRefused, match="Gatekeeper"):
        calls.answer(**about, outcomes={"hung up": "not_interested"})
    calls.answer(**about, outcomes={"hung up": "not_interested", "gatekeeper": "ignored"})
    assert carry_on(dialer_file).outcomes == {"not_interested": 1, "no_answer": 1}

    other = planned(alice, "Disposition,Number\nHung-up,6145550102\n")  # other columns, the same wording
    assert other.outcomes == {"not_interested": 1}


def test_columns_that_nobody_recognizes_are_asked_once_and_remembered(alice, people):
    text = "A,B,C\n6145550101,x1,k\n6145550102,x2,k\n"
    dialer_file = carry_on(receive(alice, text))
    assert dialer_file.state == State.ASKING
    about = {"user": alice, "file_id": str(dialer_file.pk), "now": timezone.now()}
    with pytest.raises(calls.AnswersRefused, match="how each call ended"):
        calls.answer(**about, mapping=["number", "ignore", "ignore"], outcomes={})
    calls.answer(**about, mapping=["number", "disposition", "ignore"], outcomes={})
    dialer_file = carry_on(dialer_file)
    assert [each["text"] for each in dialer_file.wordings] == ["x1", "x2"]
    calls.answer(**about, mapping=dialer_file.mapping, outcomes={"x1": "voicemail", "x2": "ignored"})
    assert carry_on(dialer_file).outcomes == {"voicemail": 1}
    assert planned(alice, text).outcomes == {"voicemail": 1}
    assert DialerMemory.objects.count() == 1


def test_the_id_of_an_export_names_whom_of_several_people_was_called(alice, people):
    spouse = ContactFactory.create(
        user=alice, lead_group=people["Ada"].lead_group, identity_key="eve", phones=[{"number": "6145550101"}]
    )
    text = f"Atlas ID,Phone,Disposition\n{spouse.pk},6145550101,Voicemail\n"
    commit(planned(alice, text))
    assert touches_of(alice) == [("eve", "voicemail", "")]
    commit(planned(alice, "Phone,Disposition\n6145550101,Busy\n"))
    assert sorted(touches_of(alice))[:2] == [("ada", "no_answer", "Busy"), ("eve", "no_answer", "Busy")]


def test_a_row_with_several_numbers_that_says_not_to_call_bars_all_of_them(alice, people):
    header = "Atlas ID,Phone,Alt Phone,Disposition,Call Date\n"
    ada, bo = (people[name].pk for name in ("Ada", "Bo"))
    unknown = f"{ada},6025557777,6025558888,DNC,11/20/2026 10:00 AM\n"
    half_known = f"{bo},6145550102,6025559999,DNC,11/20/2026 10:05 AM\n"
    other = f"{people['Cy'].pk},6145550103,6025556666,No Answer,11/20/2026 10:10 AM\n"
    commit(planned(alice, header + unknown + half_known + other))

    barred = set(DoNotCall.objects.filter(removed_at=None).values_list("number", flat=True))
    assert barred == {"6145550101", "6025557777", "6025558888", "6145550102", "6025559999"}
    assert Identity.objects.get(key="ada").do_not_call_at

    lift_do_not_call(user=alice, numbers=["6025558888"], now=timezone.now())
    commit(planned(alice, header + unknown + other))  # the calls of a campaign come anew every week
    assert DoNotCall.objects.get(number="6025558888").removed_at


def test_nobody_logs_calls_of_another_users_contacts(alice, bob, people):
    stranger = people["Ada"]
    text = f"Atlas ID,Phone,Disposition\n{stranger.pk},6145550101,Voicemail\n,6145550102,Wrong Number\n"
    dialer_file = planned(bob, text)
    assert (dialer_file.counts["touches"], dialer_file.counts["unmatched"]) == (0, 2)
    commit(dialer_file)
    assert not Touch.objects.exists()
    assert not Identity.objects.exists()
    for act in (calls.commit_calls, calls.cancel_calls):
        with pytest.raises(calls.CallsNotFound):
            act(user=alice, file_id=str(dialer_file.pk), now=timezone.now())


def test_a_list_without_numbers_or_dispositions_and_nonsense_end_well(alice):
    assert carry_on(receive(alice, "%PDF-1.7 and so on")).state == State.REFUSED
    assert carry_on(receive(alice, "Name,City\nAda,Columbus\nBo,Dayton\n")).state == State.ASKING


def test_a_dialers_file_that_is_uploaded_as_a_list_is_recognized_and_not_imported(alice, people):
    lead_import = carry_import_on(upload_list(alice, FILE.encode()))
    assert lead_import.table["calls"]
    assert lead_import.state == LeadImport.State.MAPPING  # the plan is not made at once
    dialer_file = calls.take_from_import(user=alice, lead_import=lead_import, now=timezone.now())
    lead_import = carry_import_on(lead_import)
    assert lead_import.state == LeadImport.State.CANCELLED
    assert commit(carry_on(dialer_file)).logged == 4


def start_worker(dialer_file: DialerFile, minutes_ahead: int) -> int:
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        warnings.simplefilter("ignore")
        connection.close_pool()  # a client belongs to the process that made it
        calls.run_calls(file_id=str(dialer_file.pk), now=lambda: timezone.now() + timedelta(minutes=minutes_ahead))
        status = 0
    finally:
        os._exit(status)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_anywhere_loses_no_call_and_logs_none_twice(alice, monkeypatch):
    monkeypatch.setattr(planning, "ROWS_A_CHUNK", 60)
    group = LeadGroupFactory.create(user=alice)
    Contact.objects.bulk_create(
        Contact(user=alice, lead_group=group, identity_key=f"k{n}", phones=[{"number": f"614555{n:04d}"}])
        for n in range(300)
    )
    outcomes = ("No Answer", "Left VM", "Wrong Number", "DNC", "Interested")
    rows = "".join(f"614555{n % 300:04d},{outcomes[n % 5]},2026-11-{1 + n % 20:02d} 10:00,\n" for n in range(900))
    dialer_file = receive(alice, HEADER + rows)
    kills = ahead = 0
    for wait in (0.02, 0.15, 0.3, 0.05, 0.4, 0.25, 0.1, 0.5, 0.2, 0.6, *[None] * 20):
        dialer_file.refresh_from_db()
        if dialer_file.state == State.DONE:
            break
        if dialer_file.state == State.PLANNED:
            calls.commit_calls(user=alice, file_id=str(dialer_file.pk), now=timezone.now() + timedelta(minutes=ahead))
        ahead += 2
        process = start_worker(dialer_file, ahead)
        if wait:
            time.sleep(wait)
            os.kill(process, signal.SIGKILL)
        kills += os.WIFSIGNALED(os.waitpid(process, 0)[1])
    dialer_file.refresh_from_db()
    assert dialer_file.state == State.DONE
    assert kills >= 3
    assert DialerChunk.objects.filter(dialer_file=dialer_file).count() == 15
    assert dialer_file.logged == Touch.objects.filter(user=alice).count() == 900
    assert Contact.objects.count() == 300
    assert {identity.touch_count for identity in Identity.objects.all()} == {3}


def test_calls_that_another_file_logged_after_the_plan_are_not_counted_as_logged(alice, people):
    first, second = planned(alice, FILE), planned(alice, FILE + "6145550101,Left VM,11/22/2026 8:00 AM,\n")
    assert (first.counts["known"], second.counts["known"]) == (0, 0)
    assert commit(second).logged == 5
    assert commit(first).logged == 0
    assert len(touches_of(alice)) == 5


def test_of_a_number_that_very_many_have_some_contacts_are_read(alice, people, monkeypatch):
    numbers_of, read = planning._numbers_of, set()
    monkeypatch.setattr(planning, "CONTACTS_OF_ROWS", 20, raising=False)
    monkeypatch.setattr(planning, "CONTACTS_OF_A_NUMBER", 11, raising=False)
    monkeypatch.setattr(planning, "_numbers_of", lambda each: read.add(each["_id"]) or numbers_of(each))
    group = people["Ada"].lead_group
    Contact.objects.bulk_create(
        Contact(user=alice, lead_group=group, identity_key=f"k{n}", phones=[{"number": "6145550777"}])
        for n in range(40)
    )
    counts = planned(alice, FILE).counts
    assert (counts["touches"], counts["unmatched"], counts["rows"]) == (4, 1, 8)
    assert len(read) == 4 + 11
