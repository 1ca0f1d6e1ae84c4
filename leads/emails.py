"""What the mails about lists say."""

from collections.abc import Mapping

from atlas_site.lib.mail import Mail, MailLine, MailSection
from atlas_site.templatetags.atlas import credits as credits_text
from leads.calling import PERMISSION
from leads.models import Enrichment
from leads.models.traces import RowState
from leads.selectors.trace_words import WITH_PHONE, WORDS, count_of


def trace_mail(enrichment: Enrichment, *, counts: Mapping[str, int], reserved: int, charged: int) -> Mail:
    """Return the mail that says how a skip trace ended: what was found, what it cost, what was not charged and why.

    `counts` are its rows by `RowState`, `reserved` the most that its quotes could cost, and `charged` what they did.
    """
    found = count_of(counts, *WITH_PHONE)
    total = sum(counts.values())
    name = enrichment.lead_group.name
    paragraphs = [
        f"The skip trace of your list “{name}” {_ending(enrichment, counts)}. "
        f"{found:,} of {total:,} contact{'' if total == 1 else 's'} {_has(found)} a phone number.",
        f"It was quoted at most {credits_text(reserved)} and charged {credits_text(charged)}"
        f"{f'; {credits_text(reserved - charged)} came back' if reserved > charged else ''}.",
    ]
    if failed := count_of(counts, RowState.ERROR):
        paragraphs.append(f"The data vendor could not answer for {failed:,}. You can have them asked again.")
    if found:
        paragraphs.append(PERMISSION)
    free = [
        MailLine(f"{words.title}: {counts[words.state]:,}", words.meaning)
        for words in WORDS
        if not words.is_charged and counts.get(words.state)
    ]
    return Mail(
        subject=f"Skip trace of “{name}”: {found:,} of {total:,} {_has(found)} a phone number",
        paragraphs=paragraphs,
        sections=[MailSection("Not charged, and why", free)] if free else [],
        link_label="See the result",
        link_path=enrichment.get_absolute_url(),
    )


def _ending(enrichment: Enrichment, counts: Mapping[str, int]) -> str:
    if enrichment.cancelled_at is not None or enrichment.phase == Enrichment.Phase.CANCELLED:
        return "was stopped by you"
    if enrichment.status == Enrichment.Status.FAILED and not count_of(counts, RowState.HIT):
        return "could not be carried out"
    return "is done"


def _has(count: int) -> str:
    return "has" if count == 1 else "have"
