"""Bringing contacts up to what their identities know: a projection that may be repeated at any time.

Touches, stages and do-not-call stand in `Identity`, numbers of the user's own list in `DoNotCall`, traces in the
contact that was traced and in `PersonTrace`. All contacts of an identity carry copies, by which tables filter and sort.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

from bson import ObjectId
from django.conf import settings
from pymongo import UpdateOne

from atlas_site.mongodb.documents import as_utc, collection_of, current_session, load
from leads.calling import CHECK_HOLDS_FOR, arrange, moment_of, with_later_check
from leads.models import Contact, Identity
from leads.scoring import Facts, score
from leads.selectors.people import dnc_numbers_of as own_numbers
from leads.selectors.people import facts_of
from properties.models import PersonTrace, TraceOutcome, TracePurchase

BATCH = 500
TRIES = 5
LOWEST = datetime(1, 1, 1)
BEFORE_ALL = datetime(1970, 1, 1)

READ = {
    **dict.fromkeys(
        [
            *("identityKey", "phone", "phones", "email", "emails", "stage", "deadReason", "mailingAddress"),
            *("propertyId", "traceOutcome", "tracedAt", "isLitigator", "isDeceased", "isEnriched", "enrichedAt"),
            *("enrichmentSource", "doNotCall", "doNotMail", "callableUntil", "lastOutcome", "lastTouchedAt"),
            *("nextTouchOn", "engagementScore"),
        ],
        1,
    )
}
PURCHASED = {"key": 1, "sameAs": 1}
TRACED = ("traceOutcome", "tracedAt", "isLitigator", "isDeceased", "isEnriched", "enrichedAt", "enrichmentSource")
LASTING = ("isLitigator", "isDeceased")

Document = Mapping[str, Any]


def refresh(
    *,
    user_id: ObjectId,
    identity_keys: Iterable[str],
    now: datetime,
    traces: Mapping[str, PersonTrace] | None = None,
) -> int:
    """Bring all contacts of these identities of a user up to what is known of them; return how many changed.

    To be called, outside of a transaction or inside of the one that changed an identity, by whoever

    * wrote the result of a trace to one contact of an identity: the others get it (phones that were checked, e-mails,
      outcome and its moment, litigator, deceased);
    * added contacts (imports, copies): they get do-not-call, do-not-mail, stage, bad numbers, last and next touch, and
      the trace that the user bought within 90 days;
    * changed an identity, or the user's own do-not-call list.

    It puts `phones` in the order of calling and marks bad ones (`"bad": "wrong_number"`), sets `phone` and `email` to
    the best, and writes `callable_until` and `engagement_score`. Nothing is removed but what a litigator withholds.
    It writes only what differs, and does so again when the contact changed meanwhile. Any number of keys may be given;
    those without contacts are passed over. `traces` are answers of the caller's, by identity: contacts that show older
    ones, or none, get them.
    """
    answers = {key: _as_contact(trace) for key, trace in (traces or {}).items()}
    keys = iter(dict.fromkeys(key for key in identity_keys if key))
    changed = 0
    while batch := list(islice(keys, BATCH)):
        for _ in range(TRIES):
            written, batch = _refresh(user_id, batch, now, answers)
            changed += written
            if not batch:
                break
    return changed


def end_checks(*, now: datetime, limit: int = 20_000) -> int:
    """Let contacts whose last check is 31 days old have no number that may be dialed; return how many were looked at.

    At most `limit` of them, so that what calls it now and then never works for long. Who may be dialed is asked anew
    whenever it counts; this keeps filters and scores to it.
    """
    ended, after = 0, ObjectId(bytes(12))
    while ended < limit:
        # From user to user by the index, and then those of one user whose checks are over.
        beyond = {"userId": {"$gt": after}, "callableUntil": {"$gt": BEFORE_ALL}}
        found = collection_of(Contact).find_one(beyond, {"userId": 1}, sort=[("userId", 1)])
        if found is None:
            return ended
        after = found["userId"]
        over = {"userId": after, "callableUntil": {"$gt": BEFORE_ALL, "$lte": as_utc(now)}}
        keys = [each.get("identityKey") for each in _find(Contact, over, {"identityKey": 1}, limit=limit - ended)]
        refresh(user_id=after, identity_keys=[key for key in keys if key], now=now)
        ended += len(keys)
    return ended


def known_keys(user_id: ObjectId, keys: list[str]) -> list[str]:
    """Those of these identities of which something is known: contacts that are added with them need a `refresh`."""
    of_user = {"userId": user_id, "key": {"$in": keys}}
    known: set[str] = set()
    for model in (Identity, TracePurchase):
        if _has_any(model, {"userId": user_id}):
            known |= {found["key"] for found in _find(model, of_user, {"key": 1})}
    if _has_any(Contact, {"userId": user_id, "tracedAt": {"$gt": LOWEST}}):
        traced = {"userId": user_id, "identityKey": {"$in": keys}, "tracedAt": {"$ne": None}}
        known |= {found["identityKey"] for found in _find(Contact, traced, {"identityKey": 1})}
    return [key for key in keys if key in known]


def score_of_new(document: Document) -> int:
    """The score of a contact that is new and of which nothing else is known: none of its numbers was checked."""
    return _score_of_new(
        bool(document.get("phones")), bool(document.get("emails")), bool(document.get("mailingAddress"))
    )


@cache
def _score_of_new(has_phone: bool, has_email: bool, has_mailing_address: bool) -> int:
    return score(Facts(has_phone=has_phone, has_email=has_email, has_mailing_address=has_mailing_address)).total


def _refresh(
    user_id: ObjectId, keys: list[str], now: datetime, answers: Mapping[str, Document]
) -> tuple[int, list[str]]:
    """Bring the contacts of some identities up to date; return how many changed, and the keys to be done again."""
    contacts: dict[str, list[Document]] = {}
    for found in _find(Contact, {"userId": user_id, "identityKey": {"$in": keys}}, READ):
        contacts.setdefault(found["identityKey"], []).append(found)
    if not contacts:
        return 0, []
    identities = _identities(user_id, list(contacts))
    traces = {**_traces(user_id, {key: contacts[key] for key in contacts if key not in answers}, now), **answers}
    values = {key: list(_values_of(each, traces.get(key), identities.get(key, {}))) for key, each in contacts.items()}
    numbers = {
        phone["number"]
        for each in values.values()
        for _, value in each
        for phone in value["phones"]
        if "number" in phone
    }
    barred = own_numbers(user_id, numbers)
    writes: list[UpdateOne] = []
    keys_of: list[str] = []
    for key, each in values.items():
        for contact, value in each:
            identity: Document = identities.get(key, {})
            changes = _changes(contact, _finished({**contact, **value}, identity, value, barred, now))
            if changes:
                # What another process wrote meanwhile is not lost: then this contact is looked at again.
                same: dict[str, Any] = {name: contact.get(name) for name in ("phones", "emails") if name in changes}
                writes.append(UpdateOne({"_id": contact["_id"], **same}, {"$set": changes}))
                keys_of.append(key)
    again: set[str] = set()
    written = 0
    if writes:
        result = collection_of(Contact).bulk_write(writes, ordered=False, session=current_session())
        written = result.matched_count
        if written < len(writes):
            again.update(keys_of)
        elif current_session() is None:
            after = _identities(user_id, list(contacts))
            again = {key for key in contacts if _version(after, key) != _version(identities, key)}
    return written, list(again)


def _values_of(
    contacts: list[Document], trace: Document | None, identity: Document
) -> Iterator[tuple[Document, dict[str, Any]]]:
    """Each contact of an identity, with its phones, e-mails and trace as the newest trace of the person has them.

    Of a number the later check is kept, whoever told it. Who was told once to be a litigator or deceased, by a trace
    or by CONTACT, stays so.
    """
    newest = max(contacts, key=lambda contact: contact.get("tracedAt") or LOWEST)
    source: Document | None = newest if newest.get("tracedAt") else trace
    if trace is not None and trace["tracedAt"] > (newest.get("tracedAt") or LOWEST):
        source = trace
    told = [*contacts, trace or {}]
    lasting = {name: True for name in LASTING if any(each.get(name) for each in told)}
    is_litigator = "isLitigator" in lasting
    checks = _later_checks(contacts)
    bad = identity.get("badNumbers") or {}
    for contact in contacts:
        value: dict[str, Any] = {name: contact.get(name) for name in TRACED}
        phones, emails = _list(contact, "phones"), _list(contact, "emails")
        if not phones and contact.get("phone"):
            phones = [{"number": contact["phone"]}]
        if source is not None and (contact.get("tracedAt") or LOWEST) < source["tracedAt"]:
            value = {name: source.get(name) for name in TRACED}
            traced = [phone for phone in _list(source, "phones") if phone.get("checkedAt") and not is_litigator]
            phones = _merged(phones, traced, "number")
            emails = _merged(emails, _list(source, "emails") if source is trace else _from_trace(source), "address")
        value |= lasting
        if is_litigator:
            withheld = {phone.get("number") for phone in phones if phone.get("checkedAt")}
            phones = [phone for phone in phones if not phone.get("checkedAt")]
            if contact.get("phone") in withheld:
                value["phone"] = None
        value["phones"] = [_marked(_as_last_checked(phone, checks), bad) for phone in phones]
        value["emails"] = emails
        yield contact, value


def _finished(
    contact: Document, identity: Document, value: dict[str, Any], barred: set[str], now: datetime
) -> dict[str, Any]:
    """All that is copied to a contact, in the form of its document."""
    numbers = arrange(
        value["phones"],
        is_litigator=bool(value["isLitigator"]),
        do_not_call=bool(identity.get("doNotCallAt")),
        dnc_numbers=barred,
        now=now,
    )
    by_number: dict[str, list[dict[str, Any]]] = {}
    for phone in value["phones"]:
        by_number.setdefault(phone.get("number", ""), []).append(phone)
    order = dict.fromkeys(number.number for number in numbers)
    checks = [number.checked_at for number in numbers if number.is_callable and number.checked_at]
    tested = [email["address"] for email in value["emails"] if email.get("tested") and email.get("address")]
    own = contact.get("email")
    finished = {
        **value,
        "phones": [phone for number in order for phone in by_number[number]],
        "phone": numbers[0].number if numbers else contact.get("phone"),
        "email": tested[0] if tested and not own else own or next(_addresses(value["emails"]), None),
        "doNotCall": True if identity.get("doNotCallAt") else None,
        "doNotMail": True if identity.get("doNotMailAt") else None,
        "lastOutcome": identity.get("lastOutcome"),
        "lastTouchedAt": identity.get("lastTouchedAt"),
        "nextTouchOn": identity.get("nextTouchOn"),
        "callableUntil": as_utc(max(checks) + CHECK_HOLDS_FOR) if checks else None,
        "engagementScore": score(facts_of(contact, identity, numbers)).total,
    }
    if identity.get("stage"):
        finished |= {"stage": identity["stage"], "deadReason": identity.get("deadReason")}
    return finished


def _changes(contact: Document, finished: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in finished.items() if not _is_same(contact.get(name), value)}


def _is_same(stored: Any, value: Any) -> bool:
    if isinstance(stored, datetime) and isinstance(value, datetime):
        return as_utc(stored) == as_utc(value)
    return stored == value or (not stored and value == []) or (stored is False and value is None)


def _merged(own: list[dict[str, Any]], traced: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Entries of a contact, with what a trace says of those that it knows, and those that it adds."""
    by_key = {entry.get(key): entry for entry in traced}
    merged = [with_later_check(entry, by_key.pop(entry.get(key), {})) for entry in own]
    return merged + list(by_key.values())


def _later_checks(contacts: list[Document]) -> dict[str, dict[str, Any]]:
    """Of each number that several contacts of a person have, what the last check said; none for a single contact."""
    checks: dict[str, dict[str, Any]] = {}
    for contact in contacts if len(contacts) > 1 else ():
        for phone in _list(contact, "phones"):
            if phone.get("checkedAt") and phone.get("number"):
                checks[phone["number"]] = with_later_check(phone, checks.get(phone["number"], {}))
    return checks


def _as_last_checked(phone: dict[str, Any], checks: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """A number that was checked, as its last check says; one that was not stays as it is."""
    checked = moment_of(phone.get("checkedAt"))
    last = checks.get(phone.get("number", ""), {})
    last_checked = moment_of(last.get("checkedAt"))
    if checked is None or last_checked is None or last_checked <= checked:
        return phone
    return with_later_check(phone, last)


def _marked(phone: dict[str, Any], bad: Mapping[str, str]) -> dict[str, Any]:
    word = bad.get(phone.get("number", ""))
    if phone.get("bad") == word:
        return phone
    plain = {name: value for name, value in phone.items() if name != "bad"}
    return {**plain, "bad": word} if word else plain


def _from_trace(contact: Document) -> list[dict[str, Any]]:
    """The e-mail addresses of another contact that a trace told: only those say whether they were tested."""
    return [email for email in _list(contact, "emails") if "tested" in email]


def _list(document: Document, name: str) -> list[dict[str, Any]]:
    return [entry for entry in document.get(name) or () if isinstance(entry, dict)]


def _addresses(emails: list[dict[str, Any]]) -> Iterator[str]:
    return (email["address"] for email in emails if email.get("address"))


def _version(identities: Mapping[str, Document], key: str) -> int:
    return identities.get(key, {}).get("version") or 0


def _identities(user_id: ObjectId, keys: list[str]) -> dict[str, dict[str, Any]]:
    return {found["key"]: found for found in _find(Identity, {"userId": user_id, "key": {"$in": keys}})}


def _traces(user_id: ObjectId, contacts: Mapping[str, list[Document]], now: datetime) -> dict[str, dict[str, Any]]:
    """What Atlas holds of those whom the user bought within 90 days, and none of whose contacts has the result."""
    untraced = [key for key, each in contacts.items() if not any(contact.get("tracedAt") for contact in each)]
    if not untraced or not _has_any(TracePurchase, {"userId": user_id}):
        return {}
    bought = {
        "userId": user_id,
        "key": {"$in": untraced},
        "boughtAt": {"$gt": as_utc(now - settings.CONTACT_BOUGHT_FOR)},
    }
    asked = {found["key"]: found.get("sameAs") or found["key"] for found in _find(TracePurchase, bought, PURCHASED)}
    held = {found["key"]: found for found in _find(PersonTrace, {"key": {"$in": list(asked.values())}})}
    return {key: _as_contact(load(PersonTrace, held[name])) for key, name in asked.items() if name in held}


def _as_contact(trace: PersonTrace) -> dict[str, Any]:
    """A stored answer in the form of a contact that was traced."""
    is_litigator = trace.outcome == TraceOutcome.LITIGATOR
    found = trace.outcome in {TraceOutcome.HIT, TraceOutcome.NO_PHONE}
    answered_at = as_utc(trace.answered_at).replace(tzinfo=None)
    return {
        "traceOutcome": str(trace.outcome),
        "tracedAt": answered_at,
        "isLitigator": is_litigator or None,
        "isDeceased": (trace.person or {}).get("isDeceased"),
        "isEnriched": found,
        "enrichedAt": answered_at if found else None,
        "enrichmentSource": "batchdata" if found else None,
        "phones": [] if is_litigator else [{**phone, "source": "trace"} for phone in trace.phones],
        "emails": [{"address": email.get("address"), "tested": email.get("tested")} for email in trace.emails],
    }


def _has_any(model: Any, condition: Document) -> bool:
    return next(_find(model, condition, {"_id": 1}, limit=1), None) is not None


def _find(
    model: Any, condition: Document, projection: Document | None = None, limit: int = 0
) -> Iterator[dict[str, Any]]:
    return collection_of(model).find(condition, projection, limit=limit, session=current_session())
