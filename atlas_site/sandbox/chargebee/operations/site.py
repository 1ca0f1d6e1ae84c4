"""Operations on the site itself: webhook endpoints and the time machine."""

from datetime import UTC, datetime

from atlas_site.sandbox.chargebee import forms
from atlas_site.sandbox.chargebee.books import public
from atlas_site.sandbox.chargebee.errors import WrongParam
from atlas_site.sandbox.chargebee.operations.call import Call, Content


def create_webhook_endpoint(call: Call) -> Content:
    """WebhookEndpoint.create"""
    names = ("name", "url", "basic_auth_username", "api_version")
    endpoint = {name: call.params[name] for name in names if name in call.params}
    endpoint |= {
        "id": call.books.new_id("webhook_endpoint"), "disabled": False, "primary_url": False,
        "send_card_resource": False, "enabled_events": list(forms.fields(call.params, "enabled_events").values()),
        "_basic_auth_password": call.params.get("basic_auth_password"),
    }  # fmt: skip
    with call.books.change():
        return {"webhook_endpoint": public(call.books.put("webhook_endpoint", endpoint))}


def travel_forward(call: Call) -> Content:
    """TimeMachine.travel_forward: moves the sandbox's clock and lets everything happen that is due by then."""
    moment = forms.whole(call.params, "destination_time")
    if moment is None or moment <= call.books.now():
        raise WrongParam("destination_time", "must be in the future")
    call.site.clock.move(datetime.fromtimestamp(moment, UTC))
    call.site.run_until_now()
    return time_machine(call)


def time_machine(call: Call) -> Content:
    """TimeMachine.retrieve"""
    now = call.books.now()
    return {"time_machine": {
        "object": "time_machine", "name": call.resource_id, "time_travel_status": "succeeded", "genesis_time": now,
        "destination_time": now,
    }}  # fmt: skip
