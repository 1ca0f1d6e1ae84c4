"""What dialers write of how calls ended, as many of them word it."""

import pytest

from leads.dialers import wordings
from leads.dialers.wordings import outcome_of, plain_wording
from leads.models import Outcome

WORDINGS = {
    "no_answer": (
        "No Answer|NO ANSWER|no-answer|Not Home|Busy|Busy Signal|No Contact|NA|Ring No Answer|Rang out|Did Not Answer"
        "|Didn't answer|noAnswer|No Pick Up|Unanswered|Missed Call|Voicemail Full|VM not set up|Call Rejected|N"
        "|01 - No Answer|No Response|Dropped Call|Dead Air|No voicemail"
    ),
    "voicemail": (
        "Voicemail|Voice Mail|Left Voicemail|LEFT VM|LM|Left Message|Answering Machine|AnsweringMachine|Machine|A|AM"
        "|No Answer - Left Voicemail|Message Left|Left Msg|Answering Machine Detected"
    ),
    "wrong_number": (
        "Wrong Number|WN|Wrong #|Wrong Person|wrong_number|Bad/Wrong Number|Wrong Contact|Not the owner"
        "|Incorrect Number|WrongNumber|Wrong Phone Number|Wrong Party"
    ),
    "disconnected": (
        "Disconnected|Disconnected Number|Not in Service|Number not in service|DC|Bad Number|Invalid Number"
        "|Number Disconnected|Fax|Fax Machine|Disconnected/Not In Service|Non-Working Number|Number Changed"
        "|Phone Disconnected|Out of Service|Dead Number|No longer in service"
    ),
    "not_interested": (
        "Not Interested|NI|Not interested in selling|No Interest|Not Selling|Doesn't want to sell|uninterested|Refused"
        "|NOT_INTERESTED|Not Interested - Rude|Not motivated|Isn’t interested"
    ),
    "call_back": (
        "Call Back|Callback|CB|Call back later|Callback Scheduled|Follow Up|Follow-Up|Call Later|Reschedule"
        "|Try again later|Call Back 3 months|CALLBK"
    ),
    "interested": (
        "Interested|Hot Lead|Lead|Appointment Set|Appt|Qualified|Warm|Wants Offer|Interested - send offer"
        "|Interested/Call Back|Sale|Transferred|Might sell|Potential Seller|Live Transfer"
    ),
    "do_not_call": (
        "Do Not Call|DNC|Do not contact|Remove from list|Take off list|Opt Out|Opted-Out|Don't Call|DNC Request|Remove"
        "|Stop|Unsubscribe|Do Not Call List|Federal DNC|Blacklisted|Do-Not-Call Requested"
    ),
    "ignored": "Not Called|New|Not Dialed|Queued|Never Called|Not Attempted|No Disposition|Pending|Not called yet",
    None: (
        "Hung Up|Contacted|Answered|Completed|Deceased|Sold|Language Barrier|Call Disconnected|Customer disconnected"
        "|Contact|Spoke|Do Not Mail|Not Qualified|Unqualified|Other|Talked to spouse|123||N/A|Already Sold"
    ),
}


@pytest.mark.parametrize(
    ("outcome", "wording"), [(outcome, text) for outcome, texts in WORDINGS.items() for text in texts.split("|")]
)
def test_a_wording_is_understood_or_left_to_its_user(outcome, wording):
    assert outcome_of(wording) == outcome


def test_outcomes_are_those_that_touches_have():
    assert {outcome for outcome in WORDINGS if outcome} == {*Outcome.values, wordings.IGNORED}


def test_wordings_are_remembered_whatever_marks_and_codes_they_carry():
    assert {plain_wording(text) for text in ("Hung Up", "hung-up", "HUNG_UP", " 07: Hung up! ")} == {"hung up"}


def test_no_text_takes_long_to_be_understood():
    assert outcome_of("not " * 100_000) is None
    assert outcome_of("=cmd|' /C calc'!A0") is None
