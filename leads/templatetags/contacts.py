"""How pages write what contacts have."""

from django import template

from atlas_site.templatetags.atlas import in_a_line
from leads.models import Contact, Outcome

register = template.Library()


@register.filter
def phone(number: str | None) -> str | None:
    """Write a number of ten digits as people do, (614) 555-0101; any other text stays as it is."""
    if number and len(number) == 10 and number.isdecimal():
        return f"({number[:3]}) {number[3:6]}-{number[6:]}"
    return number


@register.filter
def contact_name(contact: Contact) -> str:
    """Write whom a contact is: a person, a company, or who lives at an address."""
    if contact.first_name or contact.last_name:
        return in_a_line(str(contact))
    return in_a_line(contact.company or contact.address) or "Nobody named"


@register.filter
def outcome_label(outcome: str | None) -> str:
    """Write how a touch ended."""
    return str(dict(Outcome.choices).get(outcome or "", ""))
