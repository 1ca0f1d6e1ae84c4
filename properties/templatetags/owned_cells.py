"""How the owned list writes its cells: by the kind of their column, unknown as unknown and locked as locked."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from atlas_site.templatetags.atlas import count, day, icon, in_a_line, known, moment, money, percent, plain, yes_no
from properties.selectors.owned_columns import LOCKED, Column
from properties.selectors.owned_rows import OwnedRow
from properties.templatetags.property_counts import sale_price

register = template.Library()

WRITERS = {
    "number": count,
    "year": lambda value: known(plain(value)),
    "money": lambda value: money(value, "short"),
    "percent": percent,
    "day": day,
    "moment": moment,
    "flag": yes_no,
    "text": lambda value: known(in_a_line(value)),
}


@register.simple_tag
def owned_cells(row: OwnedRow, columns: Iterable[Column]) -> SafeString:
    """Write the cells of a row. On a phone, where a cell names its column, one that tells nothing is left out."""
    cells = ((column, column.value(row)) for column in columns)
    return format_html_join(
        "",
        '<td class="{}{}" data-label="{}">{}</td>',
        (
            (
                "number" if column.is_number else "text",
                " is-untold" if value is LOCKED or value in (None, "", []) else "",
                column.label,
                _write(row, column, value),
            )
            for column, value in cells
        ),
    )


def _write(row: OwnedRow, column: Column, value: Any) -> Any:
    """Write a value. What there is none of, such as tags, is left empty."""
    if value is LOCKED:
        return format_html('<span class="locked-value">{}</span>', icon("lock", label="locked"))
    if column.name == "sold_for":
        return sale_price(row, "short")
    if column.kind == "list":
        return format_html_join(" ", '<span class="tag">{}</span>', ((item,) for item in value or ()))
    if column.kind == "text" and not column.dataset:
        return in_a_line(value)
    return WRITERS.get(column.kind, known)(value)
