"""How the owned list writes its cells: by the kind of their column, unknown as unknown and locked as locked."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join

from atlas_site.templatetags.atlas import count, day, icon, known, money, percent, plain, when, yes_no
from properties.models import PropertyDatasetPermission
from properties.selectors.owned_columns import LOCKED, Column
from properties.templatetags.property_counts import sale_price

register = template.Library()

LOCKED_MARK = ("lock", "", "locked")
WRITERS = {
    "number": count,
    "year": lambda value: known(plain(value)),
    "money": money,
    "percent": percent,
    "day": day,
    "moment": when,
    "flag": yes_no,
}


@register.simple_tag
def owned_cell(row: PropertyDatasetPermission, column: Column) -> Any:
    """Write the value of a row in a column. What there is none of, such as tags, is left empty."""
    value = column.value(row)
    if value is LOCKED:
        return format_html('<span class="locked-value">{}</span>', icon(*LOCKED_MARK))
    if column.name == "sold_for":
        return sale_price(row, "short")
    if column.kind == "money":
        return money(value, "short")
    if column.kind == "list":
        return format_html_join(" ", '<span class="tag">{}</span>', ((item,) for item in value or ()))
    if column.group == "Yours" and not isinstance(value, date | datetime):
        return value or ""
    return WRITERS.get(column.kind, known)(value)


@register.simple_tag
def has_cell(row: PropertyDatasetPermission, column: Column) -> bool:
    """Whether a row tells anything in a column: on a phone, what it does not tell takes no room."""
    value = column.value(row)
    return value is not LOCKED and value not in (None, "", [])
