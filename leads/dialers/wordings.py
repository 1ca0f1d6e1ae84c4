"""What a dialer's disposition means, whoever made the dialer or set it up: by its words, not by a list of products.

The values are those of `leads.models.Outcome`; a wording that says nothing of an attempt ("Not called") is IGNORED, and
one that can mean several things ("Hung up", "Contacted") means nothing here: its user is asked, once.
"""

import re
import unicodedata
from functools import lru_cache

NO_ANSWER = "no_answer"
VOICEMAIL = "voicemail"
WRONG_NUMBER = "wrong_number"
DISCONNECTED = "disconnected"
NOT_INTERESTED = "not_interested"
CALL_BACK = "call_back"
INTERESTED = "interested"
DO_NOT_CALL = "do_not_call"
IGNORED = "ignored"

LONGEST = 120
"""The letters of a wording that are read: what is longer is a note."""

# What stands alone in a cell, as auto dialers shorten it.
ABBREVIATIONS = {
    **dict.fromkeys(
        "n na noans nans noanswer b ab busy rna ringing noc nc nr pdrop drop dropped rnr unavailable missed".split(),
        NO_ANSWER,
    ),
    **dict.fromkeys("a aa am al lm lvm vm vmail lmtc lmom machine amd answeringmachine vml vmd".split(), VOICEMAIL),
    **dict.fromkeys("wn wrong wrongnumber wrongno badlead".split(), WRONG_NUMBER),
    **dict.fromkeys("dc adc nis disc disco disconnected disconnect fax dead invalid oos".split(), DISCONNECTED),
    **dict.fromkeys("ni notinterested uninterested no nope".split(), NOT_INTERESTED),
    **dict.fromkeys("cb cbk callbk callback cbhold fu followup recall".split(), CALL_BACK),
    **dict.fromkeys("int interested hot warm appt appointment lead sale xfer transfer yes".split(), INTERESTED),
    **dict.fromkeys("dnc dncl dnd remove removed stop optout unsubscribe unsubscribed blacklist".split(), DO_NOT_CALL),
    **dict.fromkeys(
        "new queue queued incall pending skip skipped uncalled undialed untouched fresh notcalled notdialed".split(),
        IGNORED,
    ),
}  # fmt: skip

NOTHING = frozenset({"n a", "none", "null", "nan", "unknown", "other", "blank"})

_NOT = (
    r"(?:not?|non|never|isn ?t|wasn ?t|don ?t|doesn ?t|didn ?t|won ?t|can ?t|cannot|do not|does not|did not|will not)"
)
_NUMBER = r"(?:number|num|no|phone|line|contact|person|party|owner)"

RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (outcome, re.compile(pattern))
    for outcome, pattern in (
        (
            DO_NOT_CALL,
            r"\bdnc|\bdo ?n[o ]?t (?:ever )?(?:call|contact|dial|text|phone)|\bdont (?:call|contact)"
            r"|\bnever call\b|\bno (?:more )?calls\b|\bstop calling|\bopt(?:ed|ing)? ?out|\bunsubscrib"
            r"|\b(?:take|took|remove[ds]?|removal)\b.*\b(?:off|from|list|request|me)\b|\bblack ?list|\bcease\b"
            r"|\blitigat|\bthreat|\blawsuit|\btcpa\b",
        ),
        (
            IGNORED,
            rf"\b{_NOT} (?:yet )?(?:called|dialed|dialled|attempted|contacted yet|dispositioned)|\bnot been called"
            r"|\b(?:un|never )(?:called|dialed|dialled|attempted)|^new(?: lead| record| contact)?$|^(?:in )?queued?$"
            r"|^no (?:disposition|status|attempts?|calls? made)$|\bto be called\b|^ready to (?:call|dial)$",
        ),
        (
            WRONG_NUMBER,
            rf"\bwrong (?:\w+ )?{_NUMBER}|\bwrong ?#|\b(?:incorrect|mistaken) (?:phone )?{_NUMBER}|^bad wrong\b"
            r"|\b(?:bad|wrong) ?(?:or|and)? ?wrong\b|\bnumber belongs\b"
            rf"|\b{_NOT} (?:the |a |his |her |their )?(?:right|correct) {_NUMBER}"
            r"|\bnot (?:the )?(?:home ?|property ?)?owners?\b|\bdoes ?n.?t know (?:him|her|them|the owner)",
        ),
        (
            DISCONNECTED,
            rf"^disconnect(?:ed|ion)?$|\bdisconnected? {_NUMBER}|\b{_NUMBER} (?:is |was |has been )?disconnect"
            r"|\bdisconnected? (?:or |and )?(?:not|out|invalid|bad|wrong|fax)|\b(?:not|no longer"
            r"|out of|out) (?:in |of )?service"
            r"|\bnon ?working|\bnot working|\b(?:bad|dead|invalid|inactive|disabled|fake|unallocated) "
            r"(?:phone )?(?:numbers?|num|no|line|phone)\b|\b(?:phone )?numbers? (?:is )?(?:invalid"
            r"|dead|bad|changed|inactive)"
            r"|\bchanged (?:phone )?number|\bfax\b|\btri ?tone|\bsit tone|\boperator intercept"
            r"|\bunallocated|\bno such number",
        ),
        (
            NOT_INTERESTED,
            rf"\b{_NOT}(?: \w+){{0,2}} (?:interest|motivat)|\b(?:un|dis)(?:interested|motivated)"
            rf"|\black of interest|^ni\b"
            rf"|\b{_NOT}(?: \w+){{0,3}} (?:sell(?:ing)?|for sale)\b|\bno (?:thanks|thank you|sale)\b"
            r"|\bkeep(?:ing|s)? (?:the |it|their|his|her)|\bhard no\b|\bsoft no\b|\brefused?\b"
            r"|\b(?:declined|rejected|turned down)\b.*\boffer|\boffer (?:was )?(?:declined|rejected)",
        ),
        (
            NO_ANSWER,
            r"\b(?:voice ?mail|mail ?box|vm)\b.*\b(?:full|not set|isn ?t set|unavailable|not available|not setup)"
            r"|\b(?:no|without) (?:voice ?mail|vm|message|machine)\b|\bdid ?n[o ]?t leave\b|\bnot leave\b",
        ),
        (
            VOICEMAIL,
            r"\bvoice ?mail|\bvoice message|\bvm\b|\bvmail|\banswer(?:ing|ed by)? (?:a )?machine"
            r"|\bmachine\b|\bleft (?:a )?"
            r"(?:message|msg|vm|mess)|\b(?:message|msg) (?:was )?left|\bmail ?box|\blvm\b"
            r"|\bleave (?:a )?(?:message|msg)",
        ),
        (
            INTERESTED,
            r"(?<!un)(?<!dis)\binterested|\b(?:some|high|showed|shows|has) interest|\bhot\b|\bwarm\b|\bmotivated"
            r"|\bappointment|\bappt\b|(?<!un)(?<!dis)(?<!not )\bqualified|^(?:good |potential |hot "
            r"|warm |live |seller )lead$"
            r"|\b(?:wants?|willing|ready|open|looking|would|may|might|considering"
            r"|thinking)\b.*\b(?:sell|selling|offers?)\b"
            r"|\b(?:send|make|made|requested|wants?)\b.*\boffer|\btransferred\b|\b(?:live|warm"
            r"|hot) transfer|\bpositive\b"
            r"|^potential seller$|^success(?:ful)?$",
        ),
        (
            CALL_BACK,
            r"\bcall ?(?:me |them |him |her )?back|\bcallback|\bfollow ?(?:ing )?up|\bre ?schedul"
            r"|\bcall (?:again|later|in )"
            r"|\b(?:try|contact|call|reach out) (?:again|later|next|tomorrow|another)|\bcb\b"
            r"|\bbad time|\bbusy (?:now|call)"
            r"|\b(?:in|wait) (?:a )?(?:few )?(?:\d+ )?(?:days?|weeks?|months?)\b|\brecall\b|\blater\b",
        ),
        (
            NO_ANSWER,
            rf"\b{_NOT} ?(?:answer|pick|response|reply|respond|reach|home|available|connect|contact)"
            r"|\bunanswered|\bunreachable|\bunavailable|\bno ?(?:one|body)(?: is| was)? (?:home|answer|there|picked)"
            r"|\bbusy\b|\brang\b|\bring(?:ing)?\b|\bmissed\b|\bnot (?:at )?home\b|\btimed? ?out|\babandon|\bdead air"
            r"|\bno (?:ans|pick ?up|live)\b|\bno ?answer|\bdrop(?:ped)?(?: call)?$|\b(?:call )?rejected$",
        ),
    )
)

# The other side ended a call: of the number it says nothing.
_ENDED = re.compile(
    r"\b(?:call|caller|callee|agent|customer|contact|client|lead|user|they|he"
    r"|she)\b.{0,12}\bdisconnect|\bdisconnected by\b"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CODE = re.compile(r"^(?:\d{1,3}|[a-z]{1,2})\s*[-:.)]+\s+(?=\w{2})")
_MARKS = re.compile(r"[^a-z0-9#]+")


@lru_cache(maxsize=4096)
def plain_wording(text: str) -> str:
    """A wording as it is remembered and compared: small letters and single blanks, without marks and a leading code."""
    text = unicodedata.normalize("NFKC", _CAMEL.sub(" ", text[:LONGEST])).lower().strip().replace("’", "'")
    without_code = _CODE.sub("", text)
    return _MARKS.sub(" ", without_code).strip() or _MARKS.sub(" ", text).strip()


@lru_cache(maxsize=4096)
def outcome_of(text: str) -> str | None:
    """What a disposition means: an outcome, IGNORED, or None when it says nothing, or nothing sure."""
    plain = plain_wording(text)
    if not plain or plain in NOTHING:
        return None
    short = ABBREVIATIONS.get(plain.replace(" ", ""))
    if short:
        return short
    if _ENDED.search(plain) and "number" not in plain:
        return None
    return next((outcome for outcome, pattern in RULES if pattern.search(plain)), None)
