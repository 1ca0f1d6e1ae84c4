"""The contacts of one list."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.decorators import onboarded_required
from leads.selectors.contact_table import contact_table
from leads.selectors.contacts import read_choice
from leads.selectors.lists import open_traces
from leads.views.shared import group_or_404


@require_GET
@onboarded_required
def show_group(request: HttpRequest, group_id: str) -> HttpResponse:
    """Show the contacts of one list, narrowed and ordered as the URL says, a page at a time."""
    group = group_or_404(request, group_id)
    asked = {name: request.GET.get(name, "") for name in ("sort", "after", "before")}
    table = contact_table(
        user=request.user,
        group=group,
        choice=read_choice(request.GET.dict()),
        now=timezone.now(),
        counts_now=request.GET.get("count") == "now",
        **asked,
    )
    context = {"group": group, "table": table, "traces": open_traces(request.user, group=group)}
    return render(request, "leads/group.html", context)
