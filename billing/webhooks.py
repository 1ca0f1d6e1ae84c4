"""The door for Chargebee's events. It checks who knocks and how large a parcel it is, stores, and says so."""

import base64
import binascii
import hashlib
import hmac
import logging

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from pymongo.errors import PyMongoError

from atlas_site.lib.queue import nudge
from billing import services as billing_services
from billing.tasks import process_event

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 120


@csrf_exempt  # the sender has neither session nor form: it proves itself by credentials of its own
@require_POST
def receive_chargebee(request: HttpRequest) -> HttpResponse:
    """Store an event and answer 204, whether or not it is the first delivery, and whatever it tells of.

    Refuses with 401, 415, 413 and 400. Answers 503 while the event cannot be stored, so that it is delivered again:
    an answer of 2xx is a promise that it will be applied.
    """
    if not is_chargebee(request.headers.get("Authorization", "")):
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="Atlas", charset="UTF-8"'})
    if request.content_type != "application/json":
        return HttpResponse(status=415)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > settings.WEBHOOK_BODY_LIMIT_BYTES:
        return HttpResponse(status=413, headers={"Connection": "close"})
    try:
        received = billing_services.receive_event(body=request.body, now=timezone.now())
    except billing_services.BadEvent as error:
        logger.warning("An event was refused: %s", error)
        return HttpResponse(status=400)
    except (PyMongoError, DatabaseError) as error:
        logger.error("An event could not be stored: %s", type(error).__name__)
        return HttpResponse(status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    if received.is_waiting:
        nudge(process_event, received.event_id)
    return HttpResponse(status=204)


def is_chargebee(authorization: str) -> bool:
    """Whether these are the credentials of one of the configured users, of whom there are two during a change.

    All pairs are compared, whole and by their hashes, so that the time tells neither which one nor how much was right.
    """
    scheme, _, encoded = authorization.partition(" ")
    try:
        given = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        given = b""
    digest = hashlib.sha256(given).digest()
    matches = 0
    for name, password in settings.CHARGEBEE_WEBHOOK_USERS:
        matches |= hmac.compare_digest(digest, hashlib.sha256(f"{name}:{password}".encode()).digest())
    return bool(matches) and scheme.lower() == "basic"
