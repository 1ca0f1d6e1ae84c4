"""What standing quotes spent on runs of saved searches: each quote as it stands, and the job that carries it out."""

from collections.abc import Iterable
from dataclasses import dataclass

from credits.models import Quote
from properties.models import PropertyJob, SavedSearchRun

OVER = (Quote.Status.SETTLED, Quote.Status.EXPIRED)


@dataclass(frozen=True)
class Spend:
    """What a standing quote spent on a run: the quote as it stands, and the page of its job with the receipt.

    `most` is what was held for it, in credits. Quote and job are None where they are not kept any more.
    """

    title: str
    most: int
    quote: Quote | None
    job: PropertyJob | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is charged for it."""
        return self.quote is None or self.quote.status in OVER

    @property
    def charged(self) -> int:
        """What it has charged so far, in credits."""
        return self.quote.captured if self.quote else 0


def spends_of(runs: Iterable[SavedSearchRun]) -> dict[SavedSearchRun, list[Spend]]:
    """What was spent on each of these runs, in the order in which it was spent."""
    noted = {run: run.spends or [] for run in runs}
    ids = [spend["quoteId"] for spends in noted.values() for spend in spends]
    quotes = {each.pk: each for each in Quote.objects.filter(pk__in=ids)} if ids else {}
    kept = PropertyJob.objects.defer("rows").filter(quote_id__in=ids) if ids else []
    jobs = {each.quote_id: each for each in kept}
    return {
        run: [
            Spend(each["title"], each["most"], quotes.get(each["quoteId"]), jobs.get(each["quoteId"]))
            for each in spends
        ]
        for run, spends in noted.items()
    }
