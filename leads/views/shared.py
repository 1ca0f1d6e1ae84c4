"""What the pages of lists share: the list that an address names, and files that are sent as they are made."""

from collections.abc import Iterable

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from leads.models import LeadGroup
from leads.selectors.groups import find_group


def group_or_404(request: HttpRequest, group_id: str) -> LeadGroup:
    """The list of this id, if it is the user's and not deleted."""
    group = find_group(request.user, group_id)
    if group is None:
        raise Http404
    return group


def csv_answer(content: Iterable[str], name: str) -> StreamingHttpResponse:
    """Send a CSV file of this name line by line, past the buffers of proxies."""
    headers = {"Content-Disposition": str(content_disposition_header(True, name)), "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)
