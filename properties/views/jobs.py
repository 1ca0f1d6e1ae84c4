"""Accepting a quote, and the page of the job that carries it out."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import onboarded_required
from atlas_site.lib.htmx import redirect_htmx, wants_fragment
from atlas_site.lib.queue import nudge
from credits import selectors as credit_selectors
from credits import services as credit_services
from credits.models import Quote
from properties.selectors.jobs import dataset_outcomes, find_job, progress_of
from properties.selectors.owned import BY_ID, list_owned, revealed_by
from properties.services import allowances, jobs, parts
from properties.tasks import run_property_job


@require_POST
@onboarded_required
def accept_quote(request: HttpRequest, quote_id: str) -> HttpResponse:
    """Accept a quote once, however often it is posted, and go to its job."""
    try:
        job = jobs.accept_quote(user=request.user, quote_id=quote_id, now=timezone.now())
    except credit_services.QuoteNotFound:
        raise Http404 from None
    except allowances.EmptyRevealsSpent as refusal:
        messages.error(request, str(refusal))
        return redirect("credits:show-quote", quote_id)
    except credit_services.CreditsError as refusal:
        # The quote's page says what is missing or over; only a changed price needs words of its own.
        if isinstance(refusal, credit_services.QuoteChanged):
            messages.error(request, "The price has changed since. Nothing was charged; please make a new quote.")
        return redirect("credits:show-quote", quote_id)
    if not job.is_over:
        nudge(run_property_job, str(job.pk))
    return redirect(job)


@require_POST
@onboarded_required
def quote_part(request: HttpRequest, quote_id: str) -> HttpResponse:
    """Offer the part of a quote that the user's credits pay for; nothing is spent yet."""
    try:
        quote = parts.quote_what_fits(user=request.user, quote_id=quote_id, now=timezone.now())
    except Quote.DoesNotExist:
        raise Http404 from None
    except parts.NothingToOffer:
        return redirect("credits:show-quote", quote_id)  # which says why nothing fits
    return redirect("credits:show-quote", quote.pk)


@require_POST
@onboarded_required
def quote_again(request: HttpRequest, quote_id: str) -> HttpResponse:
    """Offer the same as an offer that is over, at today's price; nothing is spent yet."""
    try:
        quote = parts.quote_again(user=request.user, quote_id=quote_id, now=timezone.now())
    except Quote.DoesNotExist:
        raise Http404 from None
    except parts.NothingToOffer as refusal:
        messages.info(request, str(refusal))
        return redirect("credits:show-quote", quote_id)
    return redirect("credits:show-quote", quote.pk)


@require_POST
@onboarded_required
def cancel_job(request: HttpRequest, job_id: str) -> HttpResponse:
    """Stop a job after what it has asked for already, and show how far it came."""
    job = find_job(request.user, job_id)
    if job is None:
        raise Http404
    if jobs.cancel_job(user=request.user, job_id=job.pk, now=timezone.now()):
        nudge(run_property_job, str(job.pk))
    return redirect(job)


@require_GET
@never_cache
@onboarded_required
def show_job(request: HttpRequest, job_id: str) -> HttpResponse:
    """Show progress while the job runs, and its receipt with what it brought once it is over."""
    job = find_job(request.user, job_id)
    if job is None:
        raise Http404
    if job.is_over and job.kind == job.Kind.UNLOCK:
        return redirect_htmx(request, reverse("properties:show-property", args=[job.property_id]))
    now = timezone.now()
    receipt = credit_selectors.quote_page(user=request.user, quote_id=job.quote_id, now=now)
    context: dict[str, object] = {"job": job, "receipt": receipt}
    if not job.is_over:
        context["progress"] = progress_of(job, now)
    elif not job.is_paged:
        context["outcomes"] = dataset_outcomes(job)
    else:
        after, before = request.GET.get("after", ""), request.GET.get("before", "")
        context["owned"] = list_owned(revealed_by(job), sort=BY_ID, after=after, before=before)
    template = "properties/_job.html" if wants_fragment(request) else "properties/job.html"
    return render(request, template, context)
