"""The user's own do-not-call list: numbers, added and lifted one by one or by file."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import onboarded_required
from leads.selectors.do_not_call import do_not_call_page
from leads.services.do_not_call import DoNotCallChange, lift_do_not_call, set_do_not_call
from leads.work_forms import NumbersForm


@require_http_methods(["GET", "POST"])
@onboarded_required
def show_do_not_call(request: HttpRequest) -> HttpResponse:
    """Show the list, and add numbers to it."""
    form = NumbersForm(request.POST, request.FILES) if request.method == "POST" else NumbersForm()
    if form.is_valid():
        change = set_do_not_call(
            user=request.user, numbers=form.cleaned_data["found"], why=form.cleaned_data["why"], now=timezone.now()
        )
        messages.success(request, _added(change))
        return redirect("leads:do-not-call")
    page = do_not_call_page(request.user, find=request.GET.get("find", ""), after=request.GET.get("after", ""))
    return render(request, "leads/do_not_call.html", {"form": form, "page": page})


@require_POST
@onboarded_required
def lift_number(request: HttpRequest) -> HttpResponse:
    """Take one number off the list; that it was on it stays on record."""
    change = lift_do_not_call(
        user=request.user,
        numbers=[request.POST.get("number", "")[:40]],
        why=request.POST.get("why", ""),
        now=timezone.now(),
    )
    text = "The number is off your list. That it was on it stays on record."
    messages.success(request, text if change.numbers else "The number was not on your list.")
    return redirect("leads:do-not-call")


def _added(change: DoNotCallChange) -> str:
    number = "number" if change.numbers == 1 else "numbers"
    text = f"{change.numbers:,} {number} added to your do-not-call list."
    return f"{text} {change.already:,} on it already." if change.already else text
