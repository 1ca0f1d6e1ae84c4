"""What the map's script asks for: what the user owns in view, and the names of cities."""

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from accounts.decorators import onboarded_required
from accounts.models import User
from atlas_site.lib.places import find_cities
from properties.forms import OwnedListForm
from properties.search.filters import FILTERS
from properties.search.query import SearchQuery
from properties.selectors.cells import MapView
from properties.selectors.jobs import find_job
from properties.selectors.maps import Box, find_box, read_map
from properties.selectors.owned import Rows, revealed_by

OF_THE_MAP = {"bbox", "z", "others"}
CONDITIONS = {*OwnedListForm.base_fields, *(name for each in FILTERS for name in each.params)}


@require_GET
@onboarded_required
def list_cells(request: HttpRequest) -> JsonResponse:
    """The owned properties of a search, of a job, or all of them, as the marks of a map.

    Without `bbox` the answer is the `box` that shows them: south, west, north, east. What cannot be read is answered
    with 400 and the `error`, and never by more than was asked for.
    """
    try:
        matches, query = _read_matches(request.user, request)
        if "bbox" not in request.GET:
            return JsonResponse({"box": _box_of(request.user, matches, query)})
        view = MapView.parse(request.GET["bbox"], request.GET.get("z", ""))
    except ValueError as problem:
        return JsonResponse({"error": str(problem)}, status=400)
    with_others = "others" in request.GET
    return JsonResponse(read_map(request.user, view, matches=matches, with_others=with_others))


@require_GET
@cache_control(private=True, max_age=24 * 60 * 60)
@onboarded_required
def list_cities(request: HttpRequest) -> JsonResponse:
    """The largest cities within `bbox`, the largest first, for their names on the map."""
    try:
        view = MapView.parse(request.GET.get("bbox", ""), "0")
    except ValueError as problem:
        return JsonResponse({"error": str(problem)}, status=400)
    cities = find_cities((view.south, view.west, view.north, view.east))
    return JsonResponse(
        {"cities": [{"name": city.city, "lat": city.latitude, "lng": city.longitude} for city in cities]}
    )


def _read_matches(user: User, request: HttpRequest) -> tuple[Rows | None, SearchQuery | None]:
    """The rows that the parameters ask for, None for all; and the search among the parameters.

    Raises ValueError, in words, for conditions that cannot be read or that there are none of, and Http404 for a job
    that is not the user's.
    """
    known = {"job"} if "job" in request.GET else CONDITIONS
    for name in request.GET.keys() - known - OF_THE_MAP:
        raise ValueError(f"{name}: The map cannot be narrowed by this.")
    if "job" in request.GET:
        job = find_job(user, request.GET["job"])
        if job is None:
            raise Http404
        return revealed_by(job), None
    form = OwnedListForm(request.GET)
    if not form.is_valid():
        raise ValueError(form.problem())
    return (form.choice.rows(user) if form.choice.params() else None), form.query


def _box_of(user: User, matches: Rows | None, query: SearchQuery | None) -> Box | None:
    """What the map shows first: the area of the search, else its matches, else its place."""
    if query and query.area:
        return query.area.box
    return find_box(user, matches=matches, wider=query.place.box if query and query.place else None)
