"""Everything that the user owns as a list: narrowed, ordered, chosen from, and shown as they like it."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import onboarded_required
from properties.forms import ListViewForm, OwnedListForm, SelectionForm, TagForm
from properties.selectors.owned import count_capped
from properties.selectors.owned_columns import column_groups
from properties.selectors.owned_page import list_page, list_url
from properties.services import preferences, rows
from properties.services.notes import TooLong, normalize_tags

NOT_CONDITIONS = {"sort", "after", "before", "show", "count"}
MAP_COOKIE = "list_map"
MAP_KEPT_FOR = timedelta(days=365)


@require_GET
@onboarded_required
def list_properties(request: HttpRequest) -> HttpResponse:
    """List everything owned, narrowed by any condition of a search, in the chosen order, page by page."""
    # The form has a field for every filter; a list without conditions does not need to read them.
    named = {name for name, values in request.GET.lists() if any(values)}
    form = OwnedListForm(request.GET) if named - NOT_CONDITIONS else None
    asked = {name: request.GET.get(name, "") for name in ("sort", "after", "before")}
    choice = form.choice if form and form.is_valid() else None
    page = list_page(user=request.user, choice=choice, counts_now=request.GET.get("count") == "now", **asked)
    context: dict[str, object] = {"page": page, "form": form, "has_map": request.COOKIES.get(MAP_COOKIE) != "off"}
    if request.GET.get("show") == "filters" or (form and form.errors):
        context["filters"] = form or OwnedListForm({})
    elif request.GET.get("show") == "columns":
        context["column_groups"] = column_groups(page.view.columns)
    return render(request, "properties/list.html", context)


@require_GET
@onboarded_required
def count_properties(request: HttpRequest) -> HttpResponse:
    """Say how many of the user's properties a list holds, after its page is shown."""
    form = OwnedListForm(request.GET)
    if not form.is_valid():
        return HttpResponseBadRequest("This list cannot be counted.")
    return render(request, "partials/_total.html", {"total": count_capped(form.choice.rows(request.user))})


@require_POST
@onboarded_required
def set_list_view(request: HttpRequest) -> HttpResponse:
    """Keep which columns the list has and how dense it is."""
    form = ListViewForm(request.POST)
    if form.is_valid():
        preferences.set_list_view(user_id=request.user.pk, **form.cleaned_data)
    else:
        messages.error(request, "The columns were not changed: one of them is not known, or these are too many.")
    return redirect(_list_url(request))


@require_POST
@onboarded_required
def reset_list_view(request: HttpRequest) -> HttpResponse:
    """Show the list again as it is for those who have chosen nothing."""
    preferences.reset_list_view(user_id=request.user.pk)
    return redirect(_list_url(request))


@require_POST
@onboarded_required
def switch_list_map(request: HttpRequest) -> HttpResponse:
    """Put the map beside the list, or give the list its room; a cookie keeps which."""
    response = redirect(_list_url(request))
    kept = {"max_age": MAP_KEPT_FOR, "secure": settings.HTTPS, "httponly": True, "samesite": "Lax"}
    response.set_cookie(MAP_COOKIE, "off" if request.POST.get("map") == "off" else "on", **kept)
    return response


@require_POST
@onboarded_required
def tag_properties(request: HttpRequest) -> HttpResponse:
    """Put a tag on the selected properties, or take it away."""
    form, tag_form = SelectionForm(request.POST), TagForm(request.POST)
    if not form.is_valid() or not tag_form.is_valid():
        messages.error(request, form.problem() if not form.is_valid() else "Name a tag of at most 40 characters.")
        return redirect(_list_url(request))
    try:
        tag = next(iter(normalize_tags([tag_form.cleaned_data["tag"]])), "")
        if not tag:
            messages.error(request, "Name a tag: commas and spaces are none.")
            return redirect(_list_url(request))
        change = rows.tag_rows if tag_form.cleaned_data["action"] == "add" else rows.untag_rows
        changed = change(rows=form.selection.rows(request.user), tag=tag)
    except TooLong:
        messages.error(request, "A tag has at most 40 characters.")
    except rows.TooManyToTag:
        messages.error(request, f"At most {rows.MOST_TAGGED:,} properties can be tagged at once. Narrow the list.")
    else:
        _say_tagged(request, changed, tag, tag_form.cleaned_data["action"])
    return redirect(_list_url(request))


def _say_tagged(request: HttpRequest, changed: int, tag: str, action: str) -> None:
    count = f"{changed:,} propert{'y' if changed == 1 else 'ies'}"
    if action == "add":
        messages.success(request, f"{count} got the tag “{tag}”. Those that had it keep it.")
    else:
        messages.success(request, f"{count} lost the tag “{tag}”.")


def _list_url(request: HttpRequest) -> str:
    """The list with the conditions and the page that a form came from."""
    return list_url(request.POST.get("list", "") or request.POST.get("query", ""))
