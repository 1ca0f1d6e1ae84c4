"""How pages write what contacts have."""

from django import template

register = template.Library()


@register.filter
def phone(number: str | None) -> str | None:
    """Write a number of ten digits as people do, (614) 555-0101; any other text stays as it is."""
    if number and len(number) == 10 and number.isdecimal():
        return f"({number[:3]}) {number[3:6]}-{number[6:]}"
    return number
