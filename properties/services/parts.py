"""Offering the part of an earlier offer that the user's credits pay for."""

from collections.abc import Mapping
from datetime import datetime

from accounts.models import User
from credits import selectors as credit_selectors
from credits.models import Quote
from properties.datasets import DATASET_INFOS
from properties.models import PropertyDatasetPermission, PropertyJob
from properties.search.form import read_query
from properties.services.reveals import quote_reveal
from properties.services.unlocks import quote_unlock


def quote_what_fits(*, user: User, quote_id: str, now: datetime) -> Quote:
    """Offer as much of an earlier offer as the user can pay for now, at today's weights; nothing is fetched or held.

    A reveal asks for fewer of the same search, an unlock for the first datasets that fit. Raises Quote.DoesNotExist
    (for another user's too), NothingToReveal, NothingToUnlock, and ValueError for a search that cannot be read any
    more.
    """
    quote = Quote.objects.get(pk=quote_id, user_id=user.pk, kind__in=PropertyJob.Kind.values)
    fits = credit_selectors.fitting_units(quote.lines, credit_selectors.header_balance(user))
    if quote.kind == PropertyJob.Kind.REVEAL:
        return quote_reveal(
            user=user,
            query=read_query(quote.subject["params"]),
            count=sum(fits.values()),
            total=None,
            back_url=quote.back_url,
            now=now,
        )
    return quote_unlock(
        user=user,
        permission=PropertyDatasetPermission.objects.get(user_id=user.pk, property_id=quote.subject["property_id"]),
        datasets=_first_that_fit(quote.subject["datasets"], fits),
        back_url=quote.back_url,
        now=now,
    )


def _first_that_fit(datasets: list[str], fits: Mapping[str, int]) -> list[str]:
    """The first datasets of each credit type, as many as `fits` says."""
    left = dict(fits)
    chosen = []
    for dataset in datasets:
        credit_type = str(DATASET_INFOS[dataset].credit_type)
        if left.get(credit_type, 0):
            left[credit_type] -= 1
            chosen.append(dataset)
    return chosen
