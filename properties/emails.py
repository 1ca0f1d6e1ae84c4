"""What the mails about saved searches say."""

from django.urls import reverse
from django.utils.formats import date_format

from accounts.models import User, display_name
from atlas_site.lib.mail import Mail, MailLine, MailSection
from atlas_site.templatetags.atlas import credits as credits_text
from atlas_site.templatetags.atlas import in_a_line
from properties.models import SavedSearch
from properties.selectors.digests import Bought, Item, RunSummary, Told

# Longer lists are read in Atlas.
LINES_SHOWN = 25
GONE = "A property that was yours"


def digest_mail(told: Told) -> Mail:
    """Return the mail of a day: which runs found what, and each property once with the searches that found it."""
    figures = [("new", told.new), ("changed", told.changed), ("gone", told.gone)]
    revealed = sum(each.count for each in told.bought if each.is_reveal)
    parts = [f"{revealed:,} revealed"] if revealed else []
    parts += [f"{len(items):,} {word}" for word, items in figures if items]
    searches = len(told.summaries)
    subject = ", ".join(parts) if parts else "More matches"
    sections = [MailSection("Your saved searches", [_summary_line(each) for each in told.summaries])]
    sections += [_bought_section(each) for each in told.bought]
    sections += [
        MailSection(title, _lines(items))
        for title, items in (("New", told.new), ("Changed", told.changed), ("Gone", told.gone))
        if items
    ]
    return Mail(
        subject=f"{subject} in {searches} saved search{'' if searches == 1 else 'es'}",
        paragraphs=[
            f"What your saved searches found on {date_format(told.day, 'l, F j')}. Runs are free. "
            "What you do not own is counted and never named."
        ],
        sections=sections,
        link_label="Open your saved searches",
        link_path=reverse("properties:list-saved-searches"),
        settings_path=reverse("properties:list-saved-searches"),
    )


def _summary_line(summary: RunSummary) -> MailLine:
    run = summary.run
    counts = ((run.new_count, "new"), (run.changed_count, "changed"), (run.gone_count, "gone"))
    parts = [f"{number:,} {word} of yours" for number, word in counts if number]
    parts.append(f"{summary.total} match" + (f" (net {summary.change.net_text})" if summary.change else ""))
    if summary.charged is not None:
        parts.append(f"charged {credits_text(summary.charged)} by your standing quote")
    if summary.held:
        parts.append(f"{credits_text(summary.held)} held for what is still being carried out")
    return MailLine(summary.search.name, ", ".join(parts), run.get_absolute_url())


def _bought_section(bought: Bought) -> MailSection:
    """What a standing quote brought: the addresses of what is the user's own now, and what that was charged."""
    verb = "Revealed for" if bought.is_reveal else "Asked again for"
    rest = bought.count - len(bought.items)
    lines = [_line(item) for item in bought.items]
    if rest > 0:
        lines.append(MailLine(f"And {rest:,} more", path=bought.path))
    return MailSection(f"{verb} “{bought.search.name}”: charged {credits_text(bought.charged)}", lines)


def _line(item: Item, note: str = "") -> MailLine:
    """One property; what others have written of it, an address or a name, makes no second line of a plain mail."""
    row = item.row
    place = ", ".join(filter(None, [row.address, row.city, row.state])) or row.property_id if row else GONE
    path = reverse("properties:show-property", args=[item.property_id])
    return MailLine(in_a_line(place), " ".join(note.split()), path)


def _lines(items: list[Item]) -> list[MailLine]:
    lines = []
    for item in items[:LINES_SHOWN]:
        notes = [item.note, f"in {' and '.join(item.searches.values())}"]
        lines.append(_line(item, " · ".join(filter(None, notes))))
    if len(items) > LINES_SHOWN:
        lines.append(MailLine(f"And {len(items) - LINES_SHOWN:,} more, on the pages of the runs."))
    return lines


def expiry_mail(search: SavedSearch, user: User) -> Mail:
    """Return the mail that says that a saved search is about to stop because nobody looks at it."""
    ends = date_format(search.expires_at, "F j") if search.expires_at else "soon"
    return Mail(
        subject=f"Your saved search “{search.name}” stops on {ends}",
        paragraphs=[
            f"Hello {display_name(user)}, you have not looked at “{search.name}” for five and a half months.",
            f"It stops running by itself on {ends}. Its runs stay, and so does all that you own.",
            "To keep it, open it: that is all.",
        ],
        link_label="Keep it",
        link_path=search.get_absolute_url(),
        settings_path=reverse("properties:list-saved-searches"),
    )
