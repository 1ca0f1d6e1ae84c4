"""Offering again: the part of an offer that the user's credits pay for, or the same once an offer is over."""

from collections.abc import Mapping
from datetime import datetime

from accounts.models import User
from credits import selectors as credit_selectors
from credits.models import Quote
from properties.datasets import DATASET_INFOS
from properties.models import PropertyDatasetPermission, PropertyJob
from properties.search.form import read_query
from properties.services.budgets import CountUnavailable
from properties.services.comparables import NothingToCompare, quote_comparables
from properties.services.refreshes import NothingToRefresh, quote_refresh
from properties.services.reveals import NothingToReveal, TooNarrow, quote_reveal
from properties.services.unlocks import NothingToUnlock, quote_unlock


class NothingToOffer(Exception):
    """Nothing of the earlier offer can be offered now. Its text is a sentence for the page."""


def quote_what_fits(*, user: User, quote_id: str, now: datetime) -> Quote:
    """Offer as much of an earlier offer as the user can pay for now, at today's weights; nothing is fetched or held.

    A reveal, or a set of comparables, asks for fewer of the same, an unlock or a refresh for the first datasets that
    fit. Raises Quote.DoesNotExist (for another user's too), and NothingToOffer.
    """
    quote = _find(user, quote_id)
    fits = credit_selectors.fitting_units(quote.lines, credit_selectors.header_balance(user))
    return _offer(user, quote, fits, now)


def quote_again(*, user: User, quote_id: str, now: datetime) -> Quote:
    """Offer the same as an earlier offer once more, at today's weights: what was chosen for it stays chosen.

    What is the user's by now is left out. Raises Quote.DoesNotExist (for another user's too), and NothingToOffer.
    """
    quote = _find(user, quote_id)
    return _offer(user, quote, {line["type"]: line["units"] for line in quote.lines}, now)


def _find(user: User, quote_id: str) -> Quote:
    return Quote.objects.get(pk=quote_id, user_id=user.pk, kind__in=PropertyJob.Kind.values)


def _offer(user: User, quote: Quote, units: Mapping[str, int], now: datetime) -> Quote:
    try:
        if quote.kind == PropertyJob.Kind.REVEAL:
            return _offer_reveal(user, quote, sum(units.values()), now)
        return _offer_of_property(user, quote, units, now)
    except NothingToRefresh as refusal:
        raise NothingToOffer(str(refusal)) from refusal
    except NothingToUnlock as refusal:
        raise NothingToOffer("All of it is yours by now, or known to hold nothing. Nothing was charged.") from refusal
    except (CountUnavailable, TooNarrow) as refusal:
        raise NothingToOffer(str(refusal)) from refusal
    except (NothingToReveal, NothingToCompare, PropertyDatasetPermission.DoesNotExist, ValueError) as refusal:
        raise NothingToOffer("This cannot be offered any more. Nothing was charged.") from refusal


def _offer_reveal(user: User, quote: Quote, count: int, now: datetime) -> Quote:
    query = read_query(quote.subject["params"])
    return quote_reveal(user=user, query=query, count=count, total=None, back_url=quote.back_url, now=now)


def _offer_of_property(user: User, quote: Quote, units: Mapping[str, int], now: datetime) -> Quote:
    subject = quote.subject
    permission = PropertyDatasetPermission.objects.get(user_id=user.pk, property_id=subject["property_id"])
    if quote.kind == PropertyJob.Kind.COMPARABLES:
        return quote_comparables(
            user=user,
            permission=permission,
            limits=subject["limits"],
            most=sum(units.values()),
            back_url=quote.back_url,
            now=now,
        )
    offer = quote_unlock if quote.kind == PropertyJob.Kind.UNLOCK else quote_refresh
    datasets = _first_that_fit(subject["datasets"], units)
    return offer(user=user, permission=permission, datasets=datasets, back_url=quote.back_url, now=now)


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
