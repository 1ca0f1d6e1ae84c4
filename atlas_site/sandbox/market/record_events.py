"""Writes listing, foreclosure and permits of a record, as far as they have come to light by the sandbox's day."""

from datetime import date
from typing import Any

from atlas_site.sandbox.market.people import LENDERS, draw_person, pick
from atlas_site.sandbox.market.writer import Group, Writer, iso, iso_time

BY_OWNER, BY_AGENT = "For sale by owner.", "Bright rooms, large yard, near schools."
PERMIT_TAGS = (
    "addition adu bathroom battery demolition electricMeter electrical evCharger fireSprinkler gas generator grading "
    "heatPump hvac inspectionPassed kitchen newConstruction plumbing poolAndHotTub remodel roofing solar waterHeater "
    "windowDoor"
).split()


def listing(writer: Writer) -> Group | None:
    """Write ``listing``; schools, agents and offices are arrays or single objects, as seen at the vendor."""
    facts, rnd = writer.facts, writer.rnd
    day = facts["listing_day"]
    if not writer.happened(day):
        return writer.empty({"status": "Unknown", "rental": False})
    price, status = facts["listing_price"], facts["listing_status"]
    agent = draw_person(rnd)
    agents: Any = {"name": agent.full, "email": f"{agent.first}.{agent.last}@example.com".lower(),
                   "primaryPhoneNumber": f"{facts['place'].area_code}5550{int(rnd() * 1000):03}", "roles": ["Listing"],
                   "licenseNumber": f"SA{int(rnd() * 10**6):06}"}  # fmt: skip
    office: Any = {"name": "Example Realty Group", "officePhoneNumber": f"{facts['place'].area_code}5550100"}
    if rnd() < 0.5:
        agents, office = [agents], [office]
    last_known = facts["listing_end_day"] or writer.today
    highest = int(price * (1 + 0.1 * rnd())) if price else None
    return writer.known({
        "status": status, "statusCategory": facts["listing_category"],
        "statusSubtype": "Cancel/Withdrawn" if status == "Canceled" else None,
        "statusUpdatedAt": iso_time(facts["listing_end_day"] or day),
        "listingCategory": "Rental" if facts["listing_rental"] else "Purchase", "price": price,
        "minListPrice": price, "minListPriceDate": iso(day) if price else None, "maxListPrice": highest,
        "maxListPriceDate": iso(day) if price else None, "originalListingDate": iso_time(day),
        "failedListingDate": iso(facts["listing_failed_day"]), "soldDate": iso(facts["listing_sold_day"]),
        "soldPrice": facts["sale_price"] if status == "Sold" else None, "daysOnMarket": last_known - day,
        "rental": bool(facts["listing_rental"]), "rentalPrice": facts["listing_rent"],
        "listingUrl": f"https://listings.example.com/{facts['id']}", "listingNumber": str(int(rnd() * 10**7)),
        "description": BY_OWNER if facts["listing_by_owner"] else BY_AGENT,
        "bedroomCount": facts["beds"], "bathroomCount": facts["baths"], "livingArea": facts["living_area"],
        "lotSizeSquareFeet": facts["lot_sqft"], "yearBuilt": facts["year_built"], "propertyType": facts["detail"],
        "appliances": ["Dishwasher", "Range"], "roofTypes": [], "coolingTypes": [], "heatingTypes": [],
        "taxes": [{"amount": int(facts["market_total"] * 0.011), "year": facts["year"] - 1, "description": "County"}],
        "schools": {}, "agents": None if facts["listing_by_owner"] else agents,
        "agentOffices": None if facts["listing_by_owner"] else office, "subDivision": facts["subdivision"],
        "neighborhood": None,
    })  # fmt: skip


def foreclosure(writer: Writer) -> Group | None:
    """Write ``foreclosure``."""
    facts, rnd = writer.facts, writer.rnd
    day = facts["foreclosure_day"]
    if not writer.happened(day):
        return writer.empty({"flag": False, "unpaidBalance": 0, "pastDueAmount": 0})
    loan, code = facts["loans"][0], facts["foreclosure_code"]
    is_notice = code in "CGH"
    has_auction = facts["auction_day"] is not None
    return writer.known({
        "status": facts["foreclosure_status"], "statusCode": code, "flag": is_notice, "filingDate": iso(day - 4),
        "recordingDate": iso_time(day), "defaultDate": iso(day - 100), "releaseDate": None if is_notice else iso(day),
        "dueDate": None, "auctionDate": iso(facts["auction_day"]), "auctionTime": "10:00" if has_auction else None,
        "auctionCity": facts["city"] if has_auction else None,
        "auctionLocation": f"{facts['county']} County Courthouse" if has_auction else None, "auctionContactName": None,
        "auctionMinimumBidAmount": facts["auction_minimum_bid"], "originalLoanAmount": loan["amount"],
        "unpaidBalance": loan["balance"], "pastDueAmount": facts["past_due"],
        "currentLenderName": pick(rnd, LENDERS), "borrowerName": facts["owner_name"],
        "trusteeName": "Sample Trustee Services", "trusteePhone": f"{facts['place'].area_code}5550111",
        "trusteeAddress": None, "trusteeSaleNumber": f"TS-{int(rnd() * 10**6):06}" if code == "C" else None,
        "caseNumber": f"CV{date.fromordinal(day).year}-{int(rnd() * 10**5):05}" if code == "H" else None,
        "documentType": facts["foreclosure_status"], "documentNumber": f"{int(rnd() * 10**7):07}", "bookNumber": None,
        "pageNumber": None, "loanNumber": f"{int(rnd() * 10**9):09}",
    })  # fmt: skip


def permit(writer: Writer) -> Group | None:
    """Write ``permit``: a summary with 24 tags, all false where there is no permit."""
    facts, rnd = writer.facts, writer.rnd
    if not facts["permit_count"]:
        blank = {"permitCount": 0, "totalJobValue": 0, "allTags": [], "tags": dict.fromkeys(PERMIT_TAGS, False)}
        return writer.empty(blank)
    held = {pick(rnd, PERMIT_TAGS) for _ in range(facts["permit_count"])}
    return {
        "permitCount": facts["permit_count"], "earliestDate": iso(facts["permit_first_day"]),
        "latestDate": iso(facts["permit_last_day"]), "totalJobValue": facts["permit_value"],
        "allTags": [tag for tag in PERMIT_TAGS if tag in held], "tags": {tag: tag in held for tag in PERMIT_TAGS},
    }  # fmt: skip
