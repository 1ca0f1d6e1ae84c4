"""What the site sells: an item family of plans and one of credit packs, with the credits in the ``metadata``."""

from typing import Any

from atlas_site.sandbox.chargebee.books import Books
from atlas_site.sandbox.chargebee.errors import InvalidState, WrongParam
from atlas_site.sandbox.chargebee.store import Document

CURRENCY = "USD"
FAMILIES = {"atlas-plans": "Plans", "atlas-packs": "Credit packs"}
PLANS = {  # cents a month, cents a year, credits a month
    "starter": (4_900, 49_000, 200),
    "pro": (9_900, 99_000, 420),
    "scale": (24_900, 249_000, 1_050),
}
PACKS = {"pack-100": (2_900, 100), "pack-500": (12_900, 500), "pack-2000": (47_900, 2_000)}  # cents, credits


def fill(books: Books) -> None:
    """Put the catalog into an empty site; one that has it is left as it is."""
    if books.all("item_family"):
        return
    with books.change("system", tells=False):
        for family, name in FAMILIES.items():
            books.put("item_family", {"id": family, "name": name, "status": "active"})
        for plan, (monthly, yearly, credits_per_month) in PLANS.items():
            grant = {"credits_per_month": credits_per_month}
            for unit, cents in (("month", monthly), ("year", yearly)):
                _put(
                    books, id=f"{plan}-{CURRENCY}-{unit.title()}ly", item_id=plan, item_type="plan", price=cents,
                    period_unit=unit, name=f"{plan.title()} {unit}ly", external_name=plan.title(), metadata=grant,
                )  # fmt: skip
        for pack, (cents, granted) in PACKS.items():
            _put(
                books, id=f"{pack}-{CURRENCY}", item_id=pack, item_type="charge", price=cents,
                name=f"{granted:,} credits", external_name=f"{granted:,} credits", metadata={"credits": granted},
            )  # fmt: skip


def put_item_price(books: Books, **fields: Any) -> Document:
    """Add an item price, or change the fields named of one there is; needs ``id``, and to add also ``price`` (cents).

    A new one is an active monthly plan in dollars unless ``item_type``, ``status``, ``period``, ``period_unit`` or
    ``currency_code`` say otherwise. Raises ``WrongParam`` without an id or with a wrong price.
    """
    with books.change("admin_console"):
        is_new = books.find("item_price", str(fields.get("id"))) is None
        price = _put(books, **fields)
        books.note("item_price_created" if is_new else "item_price_updated", item_price=price["id"])
        return price


def _put(books: Books, **fields: Any) -> Document:
    price_id = str(fields.get("id") or "")
    if not price_id:
        raise WrongParam("id", "cannot be blank")
    price = books.find("item_price", price_id) or _new_price(price_id, fields)
    price.update(fields)
    if not isinstance(price.get("price"), int) or price["price"] < 0:
        raise WrongParam("price", "must be a number of cents")
    if not books.find("item", price["item_id"]):
        books.put("item", {
            "id": price["item_id"], "name": price["name"], "external_name": price.get("external_name"),
            "type": price["item_type"], "status": "active", "item_family_id": price["item_family_id"],
            "enabled_for_checkout": True, "enabled_in_portal": True, "metadata": price.get("metadata"),
        })  # fmt: skip
    return books.put("item_price", price)


def _new_price(price_id: str, fields: dict[str, Any]) -> Document:
    is_plan = fields.get("item_type", "plan") == "plan"
    body: Document = {
        "id": price_id, "name": price_id, "external_name": price_id, "item_id": price_id,
        "item_family_id": "atlas-plans" if is_plan else "atlas-packs", "item_type": "plan", "status": "active",
        "pricing_model": "flat_fee" if is_plan else "per_unit", "currency_code": CURRENCY, "is_taxable": False,
        "free_quantity": 0, "channel": "web", "metadata": {},
    }  # fmt: skip
    return body | ({"period": 1, "period_unit": "month"} if is_plan else {})


def sellable(books: Books, price_id: str, item_type: str, *, param: str) -> Document:
    """Return an active item price of this type. Raises ``NotFound``, ``WrongParam`` or ``InvalidState``."""
    price = books.get("item_price", price_id, param=param)
    if price["item_type"] != item_type:
        raise WrongParam(param, f"must be an item price of type {item_type}")
    if price["status"] != "active":
        raise InvalidState(f"The item price {price_id} is {price['status']}.")
    return price
