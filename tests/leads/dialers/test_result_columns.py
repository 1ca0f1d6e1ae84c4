"""Which column of a dialer's file is what, in files as dialers write them: any order, any names."""

import csv
import time
from zoneinfo import ZoneInfo

import pytest

from leads.dialers.calls import NOT_CALLED, UNCLEAR_NUMBER, Call, CallReader, NoCall
from leads.dialers.columns import guess_fields, is_result_file

NEW_YORK = ZoneInfo("America/New_York")

FILES = {
    "a row for each lead": (
        "First Name,Last Name,Address,City,State,Zip,Phone,Call Result,Last Dial Date,Notes",
        [
            "Ada,Berchon,12 Oak St,Columbus,OH,43211,614-555-0101,No Answer,11/20/2026 3:15 PM,porch light",
            "Bo,Dall,14 Oak St,Columbus,OH,43211,(614) 555-0102,Left Message,11/20/2026 3:16 PM,",
        ],
        "6:number 7:disposition 8:calledAt 9:note",
        ["no_answer 6145550101 2026-11-20T15:15", "voicemail 6145550102 2026-11-20T15:16"],
    ),
    "inbound calls, and what the line said beside what the agent chose": (
        "Call ID,Start Time,Duration,Caller ID,Phone Number,Direction,System Disposition,Disposition,Agent",
        [
            "1,2026-11-20T15:15:00Z,35,4405550100,+16145550101,outbound,ANSWERED,Not Interested,Al",
            "2,2026-11-20T15:16:00Z,0,4405550100,+16145550102,outbound,NO_ANSWER,,Al",
            "3,2026-11-20T15:17:00Z,0,6145550133,+14405550100,inbound,ANSWERED,Call Back,Al",
        ],
        "1:calledAt 3:caller 4:number 5:direction 6:disposition 7:disposition",
        [
            "not_interested 6145550101 2026-11-20T10:15",
            "no_answer 6145550102 2026-11-20T10:16",
            "call_back 6145550133 2026-11-20T10:17",
        ],
    ),
    "a disposition for each number": (
        "Contact ID,First Name,Phone 1,Phone 2,Phone 2 Status,Phone 1 Status,Last Called",
        [
            "9,A,6145550101,6145550102,No Answer,Wrong Number,2026-11-20 10:00:00",
            "9,A,6145550103,6145550104,,DNC,2026-11-20 10:00:00",
        ],
        "2:number 3:number 4:disposition 5:disposition 6:calledAt",
        [
            "wrong_number 6145550101 2026-11-20T10:00",
            "no_answer 6145550102 2026-11-20T10:00",
            "do_not_call 6145550103 2026-11-20T10:00",
        ],
    ),
    "types of log": (
        "Log Time,Campaign,Agent,Lead Phone,Call Log Type,Log Type,Talk Time,Comments",
        [
            "11/20/26 9:01am,c,Al,6145550101,Outbound,Callback,00:03:01,ok",
            "11/20/26 9:05am,c,Al,6145550102,Outbound,Answering Machine,00:00:10,",
            "11/20/26 9:06am,c,Al,6145550103,Outbound,Not Interested,00:01:10,",
        ],
        "0:calledAt 3:number 4:direction 5:disposition 7:note",
        [
            "call_back 6145550101 2026-11-20T09:01",
            "voicemail 6145550102 2026-11-20T09:05",
            "not_interested 6145550103 2026-11-20T09:06",
        ],
    ),
    "date and time apart, and a day to call back": (
        "Date,Time,Contact Name,Phone Dialed,Result,Call Notes,Follow Up Date",
        [
            "11/20/2026,09:10 AM,A B,(614) 555-0101,Set Appointment,n,11/25/2026",
            "11/20/2026,09:20 AM,A C,(614) 555-0102,Busy,,",
        ],
        "0:calledAt 1:calledTime 3:number 4:disposition 5:note 6:callBackOn",
        ["interested 6145550101 2026-11-20T09:10 2026-11-25", "no_answer 6145550102 2026-11-20T09:20"],
    ),
    "from and to": (
        "Type,From,To,Call Status,Disposition,Date & Time,Call Duration,Recording",
        [
            'Outgoing,+12165550100,+16145550101,no-answer,,"Nov 20, 2026 3:15 PM",0,',
            'Outgoing,+12165550100,+16145550102,completed,Interested,"Nov 20, 2026 3:18 PM",60,',
            'Incoming,+16145550103,+12165550100,completed,Do not call,"Nov 20, 2026 3:20 PM",60,',
        ],
        "0:direction 1:caller 2:number 3:disposition 4:disposition 5:calledAt",
        [
            "no_answer 6145550101 2026-11-20T15:15",
            "interested 6145550102 2026-11-20T15:18",
            "do_not_call 6145550103 2026-11-20T15:20",
        ],
    ),
    "several numbers and one disposition": (
        "Name,Property Address,Phone,Phone 2,Outcome,Contacted On",
        [
            "A,1 Oak St,614-555-0101,614-555-0102,Not Home,11/20/2026",
            "B,2 Oak St,614-555-0103,614-555-0104,Wrong Number,11/20/2026",
            "C,3 Oak St,614-555-0105,,Wrong Number,11/20/2026",
        ],
        "2:number 3:number 4:disposition 5:calledAt",
        [
            "no_answer 6145550101 6145550102 2026-11-20T12:00",
            UNCLEAR_NUMBER,
            "wrong_number 6145550105 2026-11-20T12:00",
        ],
    ),
    "codes of an auto dialer": (
        "call_date,phone_number_dialed,status,user,full_name,campaign_id,list_id,length_in_sec",
        [
            "2026-11-20 10:11:12,6145550101,NI,x,B,c,1,30",
            "2026-11-20 10:11:12,6145550102,A,x,B,c,1,30",
            "2026-11-20 10:11:12,6145550103,NEW,x,B,c,1,30",
        ],
        "0:calledAt 1:number 2:disposition",
        ["not_interested 6145550101 2026-11-20T10:11", "voicemail 6145550102 2026-11-20T10:11", NOT_CALLED],
    ),
    "no header": (
        "[column 1],[column 2],[column 3]",
        ["6145550101,No Answer,2026-11-20", "6145550102,DNC,2026-11-20", "6145550103,NI,2026-11-20"],
        "0:number 1:disposition 2:calledAt",
        [
            "no_answer 6145550101 2026-11-20T12:00",
            "do_not_call 6145550102 2026-11-20T12:00",
            "not_interested 6145550103 2026-11-20T12:00",
        ],
    ),
}

LISTS = {
    "a lead list": ("First Name,Last Name,Address,Zip,Phone,Status", ["A,B,1 x,43211,614-555-0101,Owner Occupied"] * 3),
    "a list of a CRM": (
        "First Name,Last Name,Address,Zip,Phone,Lead Status",
        ["A,B,1 x,43211,614-555-0101,New", "A,C,1 x,43211,614-555-0102,Follow Up", "A,D,1 x,43211,614-555-0103,New"],
    ),
    "contacts of a CRM of which few have a status": (
        "First Name,Phone Number,Lead Status,Create Date",
        ["A,614-555-0101,NEW,2026-11-20", "B,614-555-0102,,2026-11-20", "C,614-555-0103,,2026-11-20"],
    ),
    "names that read like codes": ("Agent,Phone", ["Al,6145550101", "Al,6145550102", "Am,6145550103"]),
    "no numbers": ("Name,Disposition", ["A,No Answer", "B,DNC"]),
    "nothing": ("", []),
}


def cells(line: str) -> list[str]:
    return next(csv.reader([line]), [])


def told(found: Call | NoCall) -> str:
    if isinstance(found, NoCall):
        return found.why
    moment = found.moment.astimezone(NEW_YORK).isoformat(timespec="minutes")[:16]
    back = [found.call_back_on.isoformat()] if found.call_back_on else []
    return " ".join([found.outcome, *found.numbers, moment, *back])


@pytest.mark.parametrize("name", FILES)
def test_columns_and_calls_of_a_dialers_file(name):
    header, lines, fields, calls = FILES[name]
    headers, rows = cells(header), [cells(line) for line in lines]
    guessed = guess_fields(headers, rows)
    assert " ".join(f"{at}:{field}" for at, field in enumerate(guessed) if field != "ignore") == fields
    assert is_result_file(headers, rows)
    reader = CallReader(guessed, headers, {}, NEW_YORK)
    assert [told(found) for row in rows for found in reader.read(row)] == calls


@pytest.mark.parametrize("name", FILES)
def test_columns_are_found_in_another_order(name):
    header, lines, _, calls = FILES[name]
    headers, rows = cells(header)[::-1], [cells(line)[::-1] for line in lines]
    reader = CallReader(guess_fields(headers, rows), headers, {}, NEW_YORK)
    found = [told(found) for row in rows for found in reader.read(row)]
    assert sorted(" ".join(sorted(each.split())) for each in found) == sorted(
        " ".join(sorted(each.split())) for each in calls
    )


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_leads_is_no_dialers_file(name):
    header, lines = LISTS[name]
    assert not is_result_file(cells(header), [cells(line) for line in lines])


def test_what_the_user_said_of_a_wording_goes_before_what_it_seems_to_mean():
    headers, rows = ["Phone", "Disposition"], [["6145550101", "Hung Up"], ["6145550102", "No Answer"]]
    fields = guess_fields(headers, rows)
    said = CallReader(fields, headers, {"hung up": "not_interested", "no answer": "ignored"}, NEW_YORK)
    (hung_up,), (no_answer,) = (said.read(row) for row in rows)
    assert hung_up.outcome == "not_interested"
    assert no_answer == NoCall(NOT_CALLED, is_fault=False)


def test_wide_files_and_odd_cells_are_judged_in_no_time():
    headers = [f"Column {number}" for number in range(500)]
    rows = [[f"x{number}y{row} ü\u0000 {'9' * (row % 9)}" for number in range(500)] for row in range(300)]
    began = time.process_time()
    assert not is_result_file(headers, rows)
    assert time.process_time() - began < 3
    assert guess_fields([], []) == []
    assert len(guess_fields(["", "\ud800", "=1"], [[], ["\ud800"], ["a", "b", "c", "d"]])) == 3
    reader = CallReader(guess_fields(["Phone", "Result"], [["6145550101", "Busy"]]), ["Phone", "Result"], {}, NEW_YORK)
    for cells in ([], [""], ["\ud800", "\ud800"], ["6145550101"], ["6" * 40, "DNC"], ["6145550101", "x" * 99_999]):
        assert reader.read(cells)
