"""The lists of a user, and the contacts of one list."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.decorators import onboarded_required
from leads.selectors import groups as selectors
from leads.selectors.imports import list_imports

IMPORTS_SHOWN = 10


@require_GET
@onboarded_required
def list_groups(request: HttpRequest) -> HttpResponse:
    """List the user's lists and their latest imports, the newest first."""
    imports = list_imports(request.user, limit=IMPORTS_SHOWN)
    context = {"groups": selectors.list_groups(request.user), "imports": imports}
    return render(request, "leads/list.html", context)


@require_GET
@onboarded_required
def show_group(request: HttpRequest, group_id: str) -> HttpResponse:
    """Show the contacts of one list by name, a page at a time."""
    group = selectors.find_group(request.user, group_id)
    if group is None:
        raise Http404
    page = selectors.list_contacts(group, after=request.GET.get("after", ""))
    return render(request, "leads/group.html", {"group": group, "page": page})
