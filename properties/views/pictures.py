"""The street before an owned property: what there is of it, and its picture from an address of our own."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.decorators import onboarded_required
from atlas_site.lib.htmx import wants_fragment
from properties.models import Property
from properties.selectors.pictures import find_owned
from properties.services import pictures

RETRY_SECONDS = 60


@require_GET
@onboarded_required
def show_street_view(request: HttpRequest, property_id: str) -> HttpResponse:
    """Look at the street, on a click: a part of the property's page, or without JavaScript a page of its own."""
    context: dict[str, object] = {"property_id": property_id, "held": find_owned(request.user, property_id)}
    try:
        context["street_view"] = pictures.look_for_panorama(
            user=request.user, property_id=property_id, now=timezone.now()
        )
    except (Property.DoesNotExist, pictures.NotOffered):
        raise Http404 from None
    except pictures.PictureUnavailable as trouble:
        context["trouble"] = str(trouble)
    template = "properties/_street_view.html" if wants_fragment(request) else "properties/street_view.html"
    response = render(request, template, context)
    response["Vary"] = "HX-Request"
    return response


@require_GET
@onboarded_required
def street_view_image(request: HttpRequest, property_id: str) -> HttpResponse:
    """Hand over the picture of the street before an owned property; it is not for any cache to keep."""
    try:
        image = pictures.picture_of(user=request.user, property_id=property_id, now=timezone.now())
    except (Property.DoesNotExist, pictures.NotOffered, pictures.NoPicture):
        raise Http404 from None
    except pictures.PictureBudgetSpent as refusal:
        return HttpResponse(str(refusal), status=429, content_type="text/plain; charset=utf-8")
    except pictures.PictureUnavailable as trouble:
        headers = {"Retry-After": str(RETRY_SECONDS)}
        return HttpResponse(str(trouble), status=503, content_type="text/plain; charset=utf-8", headers=headers)
    return HttpResponse(image.content, content_type=image.content_type)


@require_GET
@onboarded_required
def listing_photo(request: HttpRequest, property_id: str, number: int) -> HttpResponse:
    """Hand over one photo of a listing that the user has unlocked."""
    try:
        image = pictures.listing_photo(user=request.user, property_id=property_id, number=number)
    except Property.DoesNotExist:
        raise Http404 from None
    except pictures.PictureUnavailable as trouble:
        return HttpResponse(str(trouble), status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse(image.content, content_type=image.content_type)
