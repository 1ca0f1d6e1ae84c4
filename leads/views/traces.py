"""The pages of skip traces: whom to trace, the quote's acceptance, the job from progress to result, and all of them."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import onboarded_required
from atlas_site.lib.htmx import wants_fragment
from atlas_site.lib.queue import nudge
from credits import services as credit_services
from credits.models import Quote
from leads.selectors import trace_pages as selectors
from leads.selectors.groups import find_group
from leads.selectors.trace_stops import stop_page
from leads.services import trace_choices, traces
from leads.tasks import run_trace
from leads.trace_forms import TraceForm
from leads.views.shared import csv_answer, group_or_404


@require_http_methods(["GET", "POST"])
@never_cache
@onboarded_required
def choose_trace(request: HttpRequest, group_id: str) -> HttpResponse:
    """Show whom of a list can be traced, what that costs at most, and what is free; selected contacts come by POST.

    Of a long list that is counted when the page asks for it, once it is shown.
    """
    group = group_or_404(request, group_id)
    form = TraceForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.problem())
        return redirect("leads:show-group", group_id)
    selection = form.cleaned_data["selection"]
    shown = {"group": group, "selection": selection}
    if request.POST.get("count") == "now" or not trace_choices.is_counted_later(group, selection):
        shown["page"] = trace_choices.choices_page(user=request.user, now=timezone.now(), **shown)
    template = "leads/_trace_choices.html" if wants_fragment(request) else "leads/trace_choose.html"
    return render(request, template, shown)


@require_POST
@onboarded_required
def quote_trace(request: HttpRequest, group_id: str) -> HttpResponse:
    """Offer to trace those who were chosen; nothing is asked or spent yet."""
    group = group_or_404(request, group_id)
    form = TraceForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.problem())
        return redirect("leads:choose-trace", group_id)
    scope, selection = form.cleaned_data["scope"], form.cleaned_data["selection"]
    try:
        quote = trace_choices.quote_choice(
            user=request.user, group=group, scope=scope, selection=selection, now=timezone.now()
        )
    except traces.NothingToTrace as refusal:
        messages.info(request, trace_choices.why_nobody(refusal.count))
        return redirect("leads:choose-trace", group_id)
    return redirect("credits:show-quote", quote.pk)


@require_POST
@onboarded_required
def accept_trace(request: HttpRequest, quote_id: str) -> HttpResponse:
    """Accept a quote once, however often it is posted, and go to its job."""
    try:
        enrichment = traces.accept_trace(user=request.user, quote_id=quote_id, now=timezone.now())
    except credit_services.QuoteNotFound:
        raise Http404 from None
    except credit_services.CreditsError as refusal:
        # The quote's page says what is missing or over; only a changed price needs words of its own.
        if isinstance(refusal, credit_services.QuoteChanged):
            messages.error(request, "The price has changed since. Nothing was charged; please make a new quote.")
        return redirect("credits:show-quote", quote_id)
    except traces.TraceStopping:
        messages.info(request, "The skip trace that this joins is being stopped. Accept it again in a minute.")
        return redirect("credits:show-quote", quote_id)
    if not enrichment.is_over:
        nudge(run_trace, str(enrichment.pk))
    return redirect(enrichment)


@require_POST
@onboarded_required
def quote_part(request: HttpRequest, quote_id: str) -> HttpResponse:
    """Offer the part of a quote that the user's credits pay for; nothing is asked or spent yet."""
    return _offer_again(request, quote_id, traces.quote_what_fits)


@require_POST
@onboarded_required
def quote_again(request: HttpRequest, quote_id: str) -> HttpResponse:
    """Offer the same as an offer that is over, at today's price; nothing is asked or spent yet."""
    return _offer_again(request, quote_id, trace_choices.quote_again)


def _offer_again(request: HttpRequest, quote_id: str, offer: Callable[..., Quote]) -> HttpResponse:
    try:
        quote = offer(user=request.user, quote_id=quote_id, now=timezone.now())
    except Quote.DoesNotExist:
        raise Http404 from None
    except traces.NothingToTrace as refusal:
        messages.info(request, trace_choices.why_nobody(refusal.count))
        return redirect("credits:show-quote", quote_id)
    return redirect("credits:show-quote", quote.pk)


@require_GET
@never_cache
@onboarded_required
def show_trace(request: HttpRequest, enrichment_id: str) -> HttpResponse:
    """Show how far a job is while it runs, and its result with the receipt once it is over."""
    page = selectors.trace_page(request.user, enrichment_id, timezone.now())
    if page is None:
        raise Http404
    template = "leads/_trace.html" if wants_fragment(request) else "leads/trace.html"
    return render(request, template, {"page": page})


@require_POST
@onboarded_required
def pause_trace(request: HttpRequest, enrichment_id: str) -> HttpResponse:
    """Let a job rest after the batches that were sent already."""
    return _change(request, enrichment_id, traces.pause_trace)


@require_POST
@onboarded_required
def resume_trace(request: HttpRequest, enrichment_id: str) -> HttpResponse:
    """Let a paused job go on."""
    return _change(request, enrichment_id, traces.resume_trace)


@require_GET
@never_cache
@onboarded_required
def confirm_stop(request: HttpRequest, enrichment_id: str) -> HttpResponse:
    """Name what stopping a job leaves undone and uncharged, before it is confirmed."""
    stop = stop_page(request.user, enrichment_id, timezone.now())
    if stop is None:
        raise Http404
    if not stop.page.progress.can_cancel:
        return redirect(stop.page.enrichment)
    return render(request, "leads/trace_stop.html", {"stop": stop})


@require_POST
@onboarded_required
def cancel_trace(request: HttpRequest, enrichment_id: str) -> HttpResponse:
    """Stop a job after the batches that were sent already; the rest is not charged."""
    return _change(request, enrichment_id, traces.cancel_trace)


@require_POST
@onboarded_required
def retry_trace(request: HttpRequest, enrichment_id: str) -> HttpResponse:
    """Have the batches that failed asked again, or offer them anew if their credits have gone back already."""
    return _change(request, enrichment_id, traces.retry_trace)


@require_POST
@onboarded_required
def quote_rest(request: HttpRequest, enrichment_id: str) -> HttpResponse:
    """Offer those whom a job left out; what is accepted joins it."""
    return _change(request, enrichment_id, traces.quote_rest)


def _change(request: HttpRequest, enrichment_id: str, service: Callable[..., object]) -> HttpResponse:
    """Let a service change a job of the user, and show the job, whose page says what has become of it, or the quote."""
    try:
        outcome = service(user=request.user, enrichment_id=enrichment_id, now=timezone.now())
    except traces.TraceNotFound:
        raise Http404 from None
    except traces.NothingToTrace as refusal:
        messages.info(request, trace_choices.why_nobody(refusal.count))
        return redirect("leads:show-trace", enrichment_id)
    if isinstance(outcome, Quote):
        return redirect("credits:show-quote", outcome.pk)
    nudge(run_trace, enrichment_id)
    return redirect("leads:show-trace", enrichment_id)


@require_GET
@onboarded_required
def download_rows(request: HttpRequest, enrichment_id: str, state: str) -> StreamingHttpResponse:
    """Send the contacts of a job in one of the states that brought no phone number, as a file."""
    enrichment = selectors.find_trace(request.user, enrichment_id)
    if enrichment is None or state not in selectors.DOWNLOADS:
        raise Http404
    return csv_answer(selectors.csv_of_rows(enrichment, state), f"skip-trace-{state.replace('_', '-')}.csv")


@require_GET
@never_cache
@onboarded_required
def list_traces(request: HttpRequest) -> HttpResponse:
    """List the user's skip traces, the newest first; `?list=` those of one list."""
    group = find_group(request.user, request.GET.get("list", ""))
    traces_shown = selectors.list_traces(request.user, group=group, after=request.GET.get("after", ""))
    return render(request, "leads/traces.html", {"traces": traces_shown, "group": group})
