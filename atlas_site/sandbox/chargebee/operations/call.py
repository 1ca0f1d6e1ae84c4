"""What an operation is given, and the operations that are alike for every kind of resource."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from atlas_site.sandbox.chargebee import catalog, forms, listing
from atlas_site.sandbox.chargebee.books import Books, public
from atlas_site.sandbox.chargebee.errors import WrongParam
from atlas_site.sandbox.chargebee.forms import Params
from atlas_site.sandbox.chargebee.site import Site
from atlas_site.sandbox.chargebee.store import Document

Content = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call: the site, the resource's id in the path, the parameters, and the address that the caller used."""

    site: Site
    resource_id: str
    params: Params
    base_url: str

    @property
    def books(self) -> Books:
        """The documents of the site."""
        return self.site.books

    def items(self) -> list[dict[str, Any]]:
        """The plan of the call, alone: this site sells no addons. Raises ``WrongParam``."""
        found = forms.items(self.params, "subscription_items")
        if len(found) > 1:
            raise WrongParam("subscription_items[item_price_id][1]", "this site sells plans without addons")
        return found

    def plan(self) -> tuple[Document, int]:
        """The item price and quantity of the plan that is asked for. Raises ``NotFound`` or ``WrongParam``."""
        param = "subscription_items[item_price_id][0]"
        found = self.items()
        if not found:
            raise WrongParam(param, "cannot be blank")
        return catalog.sellable(self.books, found[0]["item_price_id"], "plan", param=param), found[0]["quantity"]


def retrieve(kind: str) -> Callable[[Call], Content]:
    """Return the operation that answers with one resource of a kind."""
    return lambda call: {kind: public(call.books.get(kind, call.resource_id))}


def list_of(kind: str) -> Callable[[Call], Content]:
    """Return the operation that lists a kind."""

    def answer(call: Call) -> Content:
        found, offset = listing.answer(call.books, kind, call.params)
        content: Content = {"list": [{kind: body} for body in found]}
        return content | ({"next_offset": offset} if offset else {})

    return answer
