"""Pages of billing: the plan as it stands, what can be bought, and the words before every click that costs."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from atlas_site.templatetags.atlas import cents
from billing import selectors, services
from billing.forms import AutoTopUpForm, ChangeForm, CheckoutForm, OrderForm, ResumeForm
from billing.models import Billing, Offer
from credits.pricing import price_table

View = Callable[..., HttpResponse]

SECONDS_BETWEEN_LOOKS, LOOKS = 5, 12


def page_of_payer(view: View) -> View:
    """Open a page to people who are signed in, keep it out of caches, and say in words what was refused."""

    @login_required
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except services.CheckoutNotFound:
            raise Http404 from None
        except services.BillingRefused as refusal:
            is_open = isinstance(refusal, services.OutcomeUnknown)
            (messages.warning if is_open else messages.error)(request, str(refusal))
            return redirect("billing:show-billing")

    return guarded


@require_safe
@page_of_payer
def show_billing(request: HttpRequest) -> HttpResponse:
    """Show the plan, what is due, the ways to change it, and a page of the payments.

    The page is that of `?page=`, or the one with the row of `?invoice=` or `?transaction=`.
    """
    number = request.GET.get("page", "")
    is_number = number.isascii() and number.isdigit() and 0 < len(number) < 7 and int(number) > 0
    page = selectors.billing_page(
        user=request.user,
        now=timezone.now(),
        page_number=int(number) if is_number else 1,
        invoice_id=request.GET.get("invoice", "")[:50],
        transaction_id=request.GET.get("transaction", "")[:50],
    )
    return render(request, "billing/show_billing.html", {"page": page, "form": OrderForm.fresh(), **_top_up(request)})


@require_safe
@never_cache
def show_plans(request: HttpRequest) -> HttpResponse:
    """Show what is sold, to visitors too; `?next=` is where a buyer comes back to."""
    user = request.user if request.user.is_authenticated else None
    context = {"page": selectors.plans_page(user=user), "prices": price_table(), "next": _next_of(request)}
    return render(request, "billing/show_plans.html", context)


@require_safe
@page_of_payer
def show_offer(request: HttpRequest, offer_id: str) -> HttpResponse:
    """Say what choosing an offer costs and does, before the click."""
    try:
        page = selectors.offer_page(user=request.user, offer_id=offer_id, now=timezone.now())
    except Offer.DoesNotExist:
        raise Http404 from None
    context: dict[str, object] = {"page": page, "next": _next_of(request)}
    if page.kind in {"new_plan", "pack"}:
        context["form"] = CheckoutForm.fresh(next=context["next"])
    elif page.has_click:
        try:
            quote = services.quote_change(user=request.user, offer_id=offer_id, now=timezone.now())
        except services.BillingRefused as refusal:
            context["refusal"] = str(refusal)
        else:
            context |= {"quote": quote, "form": ChangeForm.fresh(most_cents=quote.due_now_cents)}
    return render(request, "billing/show_offer.html", context)


@require_POST
@page_of_payer
def start_checkout(request: HttpRequest, offer_id: str) -> HttpResponse:
    """Open a hosted page for an offer, and go to the page of Atlas that leads there.

    Beside an open page for another plan there is none: say which one is open, and until when.
    """
    form = CheckoutForm(request.POST)
    if not form.is_valid():
        return redirect("billing:show-offer", offer_id)
    back_url = _next_of(request) or reverse("billing:show-billing")
    try:
        checkout = services.start_checkout(
            user=request.user,
            offer_id=offer_id,
            back_url=back_url,
            token=form.cleaned_data["token"],
            now=timezone.now(),
        )
    except services.PlanPageIsOpen as refusal:
        offer = Offer.objects.get(pk=refusal.checkout.offer_id)
        context = {"checkout": refusal.checkout, "offer": offer, "title": selectors.title_of(offer)}
        return render(request, "billing/plan_page_open.html", context, status=409)
    return redirect("billing:go-to-checkout", checkout.pk)


@require_safe
@page_of_payer
def go_to_checkout(request: HttpRequest, checkout_id: str) -> HttpResponse:
    """Lead to the hosted page by a link, and by itself: a form must not redirect to another site."""
    checkout = selectors.find_checkout(user=request.user, checkout_id=checkout_id)
    if checkout is None:
        raise Http404
    is_over = checkout.returned_at is not None or checkout.expires_at <= timezone.now()
    offer = selectors.offer_by_id(checkout.offer_id)
    if is_over:
        return render(request, "billing/checkout_over.html", {"checkout": checkout, "offer": offer}, status=410)
    return _lead_to(request, checkout.url, {"offer": offer, "is_checkout": checkout.offer_id is not None})


@require_safe
@page_of_payer
def finish_checkout(request: HttpRequest) -> HttpResponse:
    """Say how a checkout stands by Chargebee's own word, looking again by itself for a minute."""
    page_id, looks = request.GET.get("id", ""), request.GET.get("looks", "")
    seen = int(looks) if looks.isascii() and looks.isdigit() and len(looks) < 3 else 0
    outcome = None
    # What was refused is not said here: its words are about an order, and this payer may have paid.
    with suppress(services.BillingRefused):
        outcome = services.finish_checkout(user=request.user, page_id=page_id, now=timezone.now())
    if outcome and outcome.state in {"done", "cancelled"}:
        return _back_from_checkout(request, outcome)
    looks_again = seen < LOOKS and (outcome is None or outcome.state in {"asking", "confirming"})
    context = {"outcome": outcome, "looks_again": looks_again, "page_id": page_id}
    response = render(request, "billing/finish_checkout.html", context)
    if looks_again:
        again = f"{reverse('billing:finish-checkout')}?id={page_id}&looks={seen + 1}"
        response["Refresh"] = f"{SECONDS_BETWEEN_LOOKS}; url={again}"
    return response


@require_POST
@page_of_payer
def change_plan(request: HttpRequest, offer_id: str) -> HttpResponse:
    """Change the plan as the page before the click said."""
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return redirect("billing:show-offer", offer_id)
    order = {"token": form.cleaned_data["token"], "most_cents": form.cleaned_data["most_cents"]}
    done = services.change_plan(user=request.user, offer_id=offer_id, now=timezone.now(), **order)
    if done.kind == "at_renewal":
        messages.success(request, f"Planned: {done.title} follows your present plan. Nothing was charged.")
    else:
        messages.success(request, f"Your plan is {done.title} now. What was charged is listed below.")
    return redirect("billing:show-billing")


@require_http_methods(["GET", "HEAD", "POST"])
@page_of_payer
def cancel_plan(request: HttpRequest) -> HttpResponse:
    """Say what stays and what lapses when, and cancel at the end of the paid term."""
    form = OrderForm(request.POST)
    if request.method == "POST" and form.is_valid():
        billing = services.cancel_plan(user=request.user, now=timezone.now(), token=form.cleaned_data["token"])
        messages.success(request, _words_of_end(billing))
        return redirect("billing:show-billing")
    return _confirm(request, "billing/cancel_plan.html")


@require_POST
@page_of_payer
def keep_plan(request: HttpRequest) -> HttpResponse:
    """Take back a planned end or change."""
    form = OrderForm(request.POST)
    if form.is_valid():
        services.keep_plan(user=request.user, now=timezone.now(), token=form.cleaned_data["token"])
        messages.success(request, "Your present plan goes on. Nothing was charged now.")
    return redirect("billing:show-billing")


@require_http_methods(["GET", "HEAD", "POST"])
@page_of_payer
def pause_plan(request: HttpRequest) -> HttpResponse:
    """Say what freezes and what does not, and pause."""
    form = OrderForm(request.POST)
    if request.method == "POST" and form.is_valid():
        services.pause_plan(user=request.user, now=timezone.now(), token=form.cleaned_data["token"])
        messages.success(request, "Your plan is paused. Nothing will be charged until you resume it.")
        return redirect("billing:show-billing")
    return _confirm(request, "billing/pause_plan.html")


@require_http_methods(["GET", "HEAD", "POST"])
@page_of_payer
def resume_plan(request: HttpRequest) -> HttpResponse:
    """Say what resuming costs and brings, and resume."""
    form = ResumeForm(request.POST)
    if request.method == "POST" and form.is_valid():
        order = {"token": form.cleaned_data["token"], "most_cents": form.cleaned_data["most_cents"]}
        services.resume_plan(user=request.user, now=timezone.now(), **order)
        messages.success(request, "Your plan runs again. Subscription credits can be spent again.")
        return redirect("billing:show-billing")
    return _confirm(request, "billing/resume_plan.html")


@require_POST
@page_of_payer
def open_portal(request: HttpRequest) -> HttpResponse:
    """Lead to the payer's portal at Chargebee."""
    return _lead_to(request, services.open_portal(user=request.user), {"is_portal": True})


@require_POST
@page_of_payer
def open_payment_methods(request: HttpRequest) -> HttpResponse:
    """Open the hosted page for cards, and go to the page of Atlas that leads there."""
    checkout = services.open_payment_methods(user=request.user, now=timezone.now())
    return redirect("billing:go-to-checkout", checkout.pk)


@require_safe
@page_of_payer
def open_invoice(request: HttpRequest, invoice_id: str) -> HttpResponse:
    """Send the reader to a fresh address of an invoice's PDF."""
    return redirect(services.open_invoice(user=request.user, invoice_id=invoice_id))


@require_POST
@page_of_payer
def set_auto_top_up(request: HttpRequest) -> HttpResponse:
    """Have a pack bought by itself when few credits are left, or show again what cannot be ordered like that."""
    context = _top_up(request, request.POST)
    form = context["top_up_form"]
    if not form.is_valid():
        page = selectors.billing_page(user=request.user, now=timezone.now())
        context |= {"page": page, "form": OrderForm.fresh()}
        return render(request, "billing/show_billing.html", context, status=422)
    rule = services.set_auto_top_up(
        user=request.user,
        offer_id=form.cleaned_data["offer_id"],
        below_credits=form.cleaned_data["below_credits"],
        monthly_cap_cents=100 * form.cleaned_data["monthly_cap"],
        now=timezone.now(),
    )
    messages.success(request, f"Auto top-up is on, for {cents(rule.monthly_cap_cents)} a month at most.")
    return redirect(reverse("billing:show-billing") + "#auto-top-up")


@require_POST
@page_of_payer
def stop_auto_top_up(request: HttpRequest) -> HttpResponse:
    """Turn the standing order off."""
    services.stop_auto_top_up(user=request.user)
    messages.success(request, "Auto top-up is off. Nothing is bought by itself any more.")
    return redirect(reverse("billing:show-billing") + "#auto-top-up")


# ---------------------------------------------------------------- inside


def _top_up(request: HttpRequest, data: QueryDict | None = None) -> dict[str, Any]:
    """Return what the section about auto top-up shows, with its form."""
    section = selectors.auto_top_up_section(user=request.user, now=timezone.now())
    return {"top_up": section, "top_up_form": AutoTopUpForm(data, section=section)}


def _words_of_end(billing: Billing) -> str:
    ends_at = billing.current_term_end if billing.is_live else None
    when = f" and ends on {ends_at:%b} {ends_at.day}, {ends_at.year}" if ends_at else ""
    return f"Your plan is cancelled{when}. {selectors.payments_after_end(billing)}"


def _words_of_credits(added: int, debt_paid: int) -> str:
    """Say what became of the credits of a payment: yours, or used up by what a refund had left owing."""
    if not debt_paid:
        return f"Paid, and {added:,} credits are yours. Thank you."
    if debt_paid >= added:
        return f"Paid. All of the {added:,} credits went to what was owed. Thank you."
    rest = added - debt_paid
    return f"Paid. {debt_paid:,} of the {added:,} credits went to what was owed, and {rest:,} are yours. Thank you."


def _next_of(request: HttpRequest) -> str:
    """Return the page of this site that `next` names, "" for none or for one elsewhere."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    is_own = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_own and target.startswith("/") and len(target) <= 2000 else ""


def _confirm(request: HttpRequest, template: str) -> HttpResponse:
    """Show the words before an order about the present plan; without one there is nothing to order."""
    page = selectors.billing_page(user=request.user, now=timezone.now())
    if page.state not in {"active", "ending", "paused"}:
        return redirect("billing:show-billing")
    context = {"page": page, "form": OrderForm.fresh(), "refusal": ""}
    if template.endswith("resume_plan.html"):
        context["form"] = ResumeForm.fresh(most_cents=page.resume_cents)
    elif page.billing and template.endswith("pause_plan.html"):
        context["refusal"] = services.reason_against_pause(page.billing)
    return render(request, template, context)


def _lead_to(request: HttpRequest, url: str, context: dict[str, object]) -> HttpResponse:
    response = render(request, "billing/go_to_provider.html", {"url": url, **context})
    response["Refresh"] = f"2; url={url}"
    return response


def _back_from_checkout(request: HttpRequest, outcome: services.CheckoutOutcome) -> HttpResponse:
    checkout, payment = outcome.checkout, outcome.payment
    if outcome.state == "cancelled":
        messages.info(request, "Checkout closed. Nothing was charged.")
    elif checkout.offer_id is None:
        messages.success(request, "Your payment methods are up to date. Nothing was charged.")
    elif payment is not None and payment.credits_added > 0:
        messages.success(request, _words_of_credits(payment.credits_added, outcome.debt_paid))
    else:
        messages.success(request, "Paid. Thank you.")
    if payment is not None and checkout.back_url == reverse("billing:show-billing"):
        row = payment.chargebee_invoice_id
        return redirect(f"{checkout.back_url}?invoice={row}#payment-{row}")
    return redirect(checkout.back_url)
