"""What is answered before anything else is asked."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from atlas_site.staff.views import show_health

HEALTH_PATH = "/healthz/"
GetResponse = Callable[[HttpRequest], HttpResponse]


class HealthMiddleware:
    """Answer the health check without a session: reading one would wait for the server that is being asked about."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return show_health(request) if request.path == HEALTH_PATH else self.get_response(request)
