"""Pages of credits: the wallet with its statement, usage, prices, receipts, and a quote from offer to receipt."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from credits import exports, selectors
from credits import services as credit_services
from credits.charts import usage_chart
from credits.forms import AutomaticSpendingForm, MomentForm, StatementForm
from credits.models import CreditLog, Quote
from credits.pricing import KIND_NAMES, price_table

MOST_DIGITS = 15
DEFAULT_USAGE_DAYS = 30


@login_required
@never_cache
@require_safe
def show_credits(request: HttpRequest) -> HttpResponse:
    """Both buckets, what is held, the pace, and the statement: filtered, paged by entry number (`?before=`)."""
    now = timezone.now()
    form, moment_form = StatementForm(request.GET), MomentForm(request.GET)
    summary = selectors.wallet_summary(user=request.user)
    before = request.GET.get("before", "")
    is_number = before.isascii() and before.isdigit() and len(before) <= MOST_DIGITS
    at = moment_form.moment
    context = {
        "tab": "statement",
        "summary": summary,
        "wallet": summary.wallet,
        "pace": selectors.pace_of(wallet=summary.wallet, now=now),
        "form": form,
        "only": form.filter,
        "statement": selectors.statement_page(
            wallet=summary.wallet, before=int(before) if is_number else None, only=form.filter
        ),
        "moment_form": moment_form,
        "past": selectors.balance_at(wallet_id=summary.wallet.pk, at=at, now=now) if at else None,
    }
    return render(request, "credits/show_credits.html", context)


@login_required
@never_cache
@require_safe
def show_entry(request: HttpRequest, sequence: int) -> HttpResponse:
    """One entry of the ledger: why, by whom, every balance before and after, its key and its hash."""
    try:
        if len(str(sequence)) > MOST_DIGITS:
            raise Http404
        page = selectors.entry_page(user=request.user, sequence=sequence)
    except CreditLog.DoesNotExist:
        raise Http404 from None
    return render(request, "credits/show_entry.html", {"tab": "statement", "page": page, "entry": page.entry})


@login_required
@never_cache
@require_safe
def show_usage(request: HttpRequest) -> HttpResponse:
    """What was charged in the last 7, 30 or 90 days: by day and type, and by what it was for."""
    now = timezone.now()
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, selectors.USAGE_DAYS) else DEFAULT_USAGE_DAYS
    wallet = selectors.wallet_of(request.user)
    usage = selectors.usage_by_day(wallet_id=wallet.pk, day_count=days, now=now)
    context = {
        "tab": "usage",
        "days": days,
        "choices": selectors.USAGE_DAYS,
        "usage": usage,
        "chart": usage_chart(usage) if usage.total else None,
        "sources": selectors.usage_by_source(wallet_id=wallet.pk, day_count=days, now=now),
        "pace": selectors.pace_of(wallet=wallet, now=now),
        "wallet": wallet,
    }
    return render(request, "credits/show_usage.html", context)


@login_required
@never_cache
@require_safe
def list_receipts(request: HttpRequest) -> HttpResponse:
    """The settled quotes, the last one first; `?kind=` narrows them, `?after=` pages."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in KIND_NAMES else ""
    receipts = selectors.list_receipts(user=request.user, kind=kind, after=request.GET.get("after", "")[:32])
    context = {"tab": "receipts", "kind": kind, "kinds": KIND_NAMES, "receipts": receipts}
    return render(request, "credits/list_receipts.html", context)


@login_required
@never_cache
@require_safe
def show_prices(request: HttpRequest) -> HttpResponse:
    """The price table at the weights of this moment, with raises that are announced, and what typical jobs cost."""
    prices = price_table()
    context = {
        "tab": "prices",
        "prices": prices,
        "jobs": selectors.typical_jobs(prices),
        "notice_days": settings.WEIGHT_RAISE_NOTICE.days,
    }
    return render(request, "credits/show_prices.html", context)


@login_required
@require_POST
def switch_automatic_spending(request: HttpRequest) -> HttpResponse:
    """Stop all automatic spending, or allow it again."""
    form = AutomaticSpendingForm(request.POST)
    if form.is_valid():
        stopped = form.cleaned_data["stopped"]
        credit_services.set_automatic_spending(user_id=request.user.pk, stopped=stopped, now=timezone.now())
        messages.success(request, f"Automatic spending is {'stopped' if stopped else 'allowed again'}.")
    return redirect("credits:show-credits")


# ---------------------------------------------------------------- files


@login_required
@never_cache
@require_safe
def export_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered statement as CSV for a spreadsheet."""
    lines = exports.statement_csv(
        wallet=selectors.wallet_of(request.user),
        only=StatementForm(request.GET).filter,
        zone=timezone.get_current_timezone(),
    )
    return _download(lines, "text/csv; charset=utf-8", "statement", "csv", timezone.now())


@login_required
@never_cache
@require_safe
def export_json_lines(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered statement as JSON Lines for a program."""
    wallet, only = selectors.wallet_of(request.user), StatementForm(request.GET).filter
    lines = exports.statement_json_lines(wallet=wallet, only=only)
    return _download(lines, "application/jsonl", "statement", "jsonl", timezone.now())


@login_required
@never_cache
@require_safe
def export_ledger(request: HttpRequest) -> StreamingHttpResponse:
    """The whole ledger with its hash chain, which docs/verify_ledger.py checks."""
    now = timezone.now()
    lines = exports.ledger_json_lines(wallet=selectors.wallet_of(request.user), now=now)
    return _download(lines, "application/jsonl", "ledger", "jsonl", now)


@require_safe
def send_script(request: HttpRequest) -> FileResponse:
    """The script that checks a ledger, docs/verify_ledger.py; everybody may have it."""
    script = settings.BASE_DIR / "docs" / "verify_ledger.py"
    return FileResponse(script.open("rb"), as_attachment=True, content_type="text/x-python; charset=utf-8")


def _download(lines: Iterator[str], content_type: str, name: str, ending: str, now: datetime) -> StreamingHttpResponse:
    filename = f"atlas-{name}-{timezone.localdate(now):%Y-%m-%d}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(lines, content_type=content_type, headers=headers)


# ---------------------------------------------------------------- quotes


@login_required
@never_cache
@require_safe
def show_quote(request: HttpRequest, quote_id: str) -> HttpResponse:
    """An offer to accept, the way to its running job, or its receipt."""
    try:
        page = selectors.quote_page(user=request.user, quote_id=quote_id, now=timezone.now())
    except Quote.DoesNotExist:
        raise Http404 from None
    return render(request, "credits/show_quote.html", {"page": page, "quote": page.quote})
