"""What the page of a contact shows: everything that is known of the person, and what stands beside it on the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from django.conf import settings

from accounts.models import User
from leads.calling import PERMISSION
from leads.models import Contact, Identity, LeadGroup, LeadImport
from leads.selectors.contact_table import state_of
from leads.selectors.contacts import ContactChoice, Neighbors, neighbors_of
from leads.selectors.people import Person, person_of
from properties.models import PropertyDatasetPermission
from properties.models.traces import TraceOutcome

LISTS_SHOWN = 20


@dataclass(frozen=True)
class ContactDetails:
    """A contact of a list, what its user knows of the person, and what stands beside it.

    `state` is the query string of the table that it was opened from.
    """

    group: LeadGroup
    person: Person
    neighbors: Neighbors
    state: str
    cells: list[tuple[str, str]]
    file_name: str
    others: list[tuple[Contact, LeadGroup]]
    owned: PropertyDatasetPermission | None = None
    # Whether its last trace is over 30 days old, so that the vendor can be asked again.
    can_trace_again: bool = False
    # Who says that the person is not to be written to, where it is not the user.
    why_no_mail: str = ""

    permission = PERMISSION

    @property
    def contact(self) -> Contact:
        return self.person.contact

    @property
    def query(self) -> str:
        """What links within the list carry behind their address."""
        return f"?{self.state}" if self.state else ""

    @property
    def stages(self) -> Sequence[tuple[str, Any]]:
        return Contact.Stage.choices

    @property
    def stage(self) -> str:
        return self.contact.stage or Contact.Stage.NEW.value

    @property
    def traced(self) -> str:
        """What the last trace told, "" when there was none."""
        outcomes = dict(TraceOutcome.choices)
        return str(outcomes.get(self.contact.trace_outcome or "", ""))


def contact_page(
    *, user: User, group: LeadGroup, contact: Contact, choice: ContactChoice, sort: str, now: datetime
) -> ContactDetails:
    """Everything about a contact of a user's list."""
    cells, file_name = _original(user, contact)
    return ContactDetails(
        group=group,
        person=person_of(user, contact, now),
        neighbors=neighbors_of(contact, group, choice=choice, sort=sort, now=now),
        state=urlencode(state_of(choice, sort)),
        cells=cells,
        file_name=file_name,
        others=_others(user, contact),
        owned=_owned(user, contact),
        can_trace_again=contact.traced_at is not None and contact.traced_at <= now - settings.RECORD_FRESH_FOR,
        why_no_mail=_why_no_mail(user, contact) if contact.do_not_mail else "",
    )


def _why_no_mail(user: User, contact: Contact) -> str:
    known = Identity.objects.filter(user_id=user.pk, key=contact.identity_key or "")
    return known.values_list("do_not_mail_why", flat=True).first() or ""


def _original(user: User, contact: Contact) -> tuple[list[tuple[str, str]], str]:
    """The columns of the file that it came with, by their headers, and the file's name."""
    origin = contact.origin or {}
    import_id, cells = origin.get("importId", ""), origin.get("cells") or []
    if not cells or not ObjectId.is_valid(import_id):
        return [], ""
    came_with = LeadImport.objects.filter(pk=ObjectId(import_id), user_id=user.pk).only("file_name", "table").first()
    headers = (came_with.table or {}).get("headers") or [] if came_with else []
    names = [*headers, *(f"Column {number + 1}" for number in range(len(headers), len(cells)))]
    pairs = [(name, str(cell)) for name, cell in zip(names, cells, strict=False) if str(cell).strip()]
    return pairs, came_with.file_name if came_with else ""


def _others(user: User, contact: Contact) -> list[tuple[Contact, LeadGroup]]:
    """The same person on other lists."""
    if not contact.identity_key:
        return []
    same = Contact.objects.filter(user_id=user.pk, identity_key=contact.identity_key).only("pk", "lead_group_id")
    found = [each for each in same[: LISTS_SHOWN + 1] if each.pk != contact.pk]
    ids = {each.lead_group_id for each in found}
    groups = {group.pk: group for group in LeadGroup.objects.filter(pk__in=list(ids), is_deleted=False)}
    return [(each, groups[each.lead_group_id]) for each in found if each.lead_group_id in groups]


def _owned(user: User, contact: Contact) -> PropertyDatasetPermission | None:
    """The property at its address, if the user owns it."""
    if not contact.property_id:
        return None
    return PropertyDatasetPermission.objects.filter(user_id=user.pk, property_id=contact.property_id).first()
