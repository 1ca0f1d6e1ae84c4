"""How the table of contacts writes its rows: in Python, since a page has hundreds of small parts."""

from datetime import date
from functools import cache

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from atlas_site.templatetags.atlas import UNKNOWN, count, day, in_a_line, known
from leads.calling import Number, WhyNot
from leads.models import Contact
from leads.selectors.contact_table import ContactRow, ContactTable
from leads.templatetags.contacts import contact_name, outcome_label, phone

register = template.Library()

NEUTRAL = {WhyNot.UNCHECKED, WhyNot.EXPIRED}
NONE = format_html('<span class="unknown">{}</span>', "none")
SELECTED = format_html(" {}", "selected")
NEVER = format_html('<span class="unknown">{}</span>', "never")

ROW = """<tr data-contact-id="{pk}"><th scope="row"><span class="row-head">\
<label class="row-check"><input type="checkbox" name="ids" value="{pk}">\
<span class="visually-hidden">Select {name}</span></label>\
<span class="row-address"><a href="{url}">{name}</a>{company}{marks}</span></span></th>\
<td class="text" data-label="Address">{address}<small>{place}</small></td>\
<td class="text phones{no_phone}" data-label="Phones">{phones}</td>\
<td class="stage-cell" data-label="Stage">{stage}</td>\
<td class="text{no_touch}" data-label="Next touch">{next_touch}</td>\
<td class="number" data-label="Score">{score}</td>\
<td class="text{no_last}" data-label="Last touched">{last}</td></tr>"""

STAGE = """<input type="hidden" name="was-{pk}" value="{was}" form="stage-form">\
<select name="stage-{pk}" form="stage-form" aria-label="Stage of {name}" class="stage-select" autocomplete="off" \
hx-post="{url}" hx-trigger="change" hx-target="closest td" hx-swap="innerHTML">{options}</select>\
<button class="btn btn-secondary btn-sm without-scripting" type="submit" form="stage-form" formaction="{url}">\
Set</button>"""


@register.simple_tag
def contact_rows(table: ContactTable) -> SafeString:
    """Write the rows of a table of contacts."""
    base = f"{reverse('leads:show-group', args=[table.group.pk])}contacts/"
    query = f"?{table.state}" if table.state else ""
    today = table.today.date()
    return format_html_join("", "{}", ((_row(row, base, query, today),) for row in table.rows))


@register.simple_tag
def stage_cell(contact: Contact) -> SafeString:
    """Write the stage of a contact, to be changed in place."""
    url = reverse("leads:change-stage", args=[contact.lead_group_id, contact.pk])
    return _stage(contact, contact_name(contact), url)


@register.simple_tag
def contact_marks(contact: Contact) -> SafeString | str:
    """Write what keeps from calling or mailing somebody."""
    marks = [
        (kind, text)
        for is_so, kind, text in (
            (contact.is_litigator, "danger", "Litigator"),
            (contact.do_not_call, "danger", "Do not call"),
            (contact.do_not_mail, "warning", "Do not mail"),
            (contact.is_deceased, "warning", "Deceased"),
        )
        if is_so
    ]
    return (
        format_html('<span class="marks">{}</span>', format_html_join(" ", '<span class="tag tag-{}">{}</span>', marks))
        if marks
        else ""
    )


def _row(row: ContactRow, base: str, query: str, today: date) -> SafeString:
    contact = row.contact
    name = contact_name(contact)
    url = f"{base}{contact.pk}/"
    company = contact.company and contact.company != name
    place = ", ".join(filter(None, (contact.city, contact.state)))
    due = format_html('<small class="due">{}</small>', "due")
    is_due = contact.next_touch_on and contact.next_touch_on <= today
    return format_html(
        ROW,
        pk=str(contact.pk),
        name=name,
        url=f"{url}{query}",
        company=format_html("<small>{}</small>", in_a_line(contact.company)) if company else "",
        marks=contact_marks(contact),
        address=known(in_a_line(contact.address)),
        place=f"{place} {contact.zip or ''}".strip(),
        phones=_numbers(row),
        no_phone="" if row.numbers else " is-untold",
        stage=_stage(contact, name, f"{url}stage/"),
        next_touch=format_html("{}{}", day(contact.next_touch_on), due if is_due else "")
        if contact.next_touch_on
        else NONE,
        no_touch="" if contact.next_touch_on else " is-untold",
        score=UNKNOWN if contact.engagement_score is None else count(contact.engagement_score),
        last=format_html("{}<small>{}</small>", day(contact.last_touched_at), outcome_label(contact.last_outcome))
        if contact.last_touched_at
        else NEVER,
        no_last="" if contact.last_touched_at else " is-untold",
    )


def _numbers(row: ContactRow) -> SafeString:
    if not row.numbers:
        return NONE
    lines = format_html_join(
        "",
        '<span class="number-line"><span class="phone">{}</span> {}</span>',
        ((phone(number.number), _tags(number)) for number in row.shown),
    )
    return format_html("{}<small>and {} more</small>", lines, row.more) if row.more else lines


def _tags(number: Number) -> SafeString:
    """A number's type and score, and whether it may be dialed, in words and color."""
    score = "" if number.score is None else f"score {number.score}"
    kind = " · ".join(filter(None, (number.kind.lower(), score)))
    why = number.why_not
    color = " tag-success" if why is None else "" if why in NEUTRAL else " tag-danger"
    return format_html(
        '<span class="number-kind">{}</span> <span class="tag{}">{}</span>',
        kind,
        color,
        "callable" if why is None else why,
    )


def _stage(contact: Contact, name: str, url: str) -> SafeString:
    stage = contact.stage or Contact.Stage.NEW.value
    return format_html(STAGE, pk=str(contact.pk), was=stage, name=name, url=url, options=_options(stage))


@cache
def _options(chosen: str) -> SafeString:
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, SELECTED if value == chosen else "", label) for value, label in Contact.Stage.choices),
    )
