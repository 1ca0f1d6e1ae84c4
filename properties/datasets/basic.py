"""BASIC: what a reveal shows."""

from __future__ import annotations

from properties.datasets.fields import DatasetInfo, day, flag, money, number, reference, text_list
from properties.datasets.kinds import Field, Kind, Section, Table
from properties.models.records import Dataset


def _sale(path: str, name: str) -> tuple[Field, ...]:
    return (
        day(f"{path}.saleDate", f"{name}: date"),
        Field(f"{path}.price", f"{name}: price", Kind.SALE_PRICE),
        Field(f"{path}.pricePerSquareFoot", f"{name}: price per sq ft", Kind.PRICE),
        flag(f"{path}.salePriceIsEstimated", f"{name}: price is estimated", counts=False),
        day(f"{path}.recordingDate", f"{name}: recorded"),
        Field(f"{path}.documentType", f"{name}: document", Kind.DOCUMENT),
        text_list(f"{path}.saleBuyers", f"{name}: buyers"),
        text_list(f"{path}.saleSellers", f"{name}: sellers"),
        Field(f"{path}.transactionType", f"{name}: type", Kind.DOCUMENT),
    )


BASIC = DatasetInfo(
    Dataset.BASIC,
    "Address, building, lot, owner and mailing address, last sale, assessment and tax.",
    (
        Section(
            "Address",
            (
                Field("address", "Address", Kind.ADDRESS),
                Field("address.county", "County"),
                text_list("address.localities", "Localities"),
                Field("address.unitType", "Unit type"),
                Field("address.unitNumber", "Unit"),
                Field("address.addressValidity", "Address check", counts=False),
            ),
        ),
        Section(
            "General",
            (
                Field("general.propertyTypeCategory", "Category"),
                Field("general.propertyTypeDetail", "Property type"),
                flag("general.vacant", "Vacant"),
                day("general.vacantDate", "Vacant since"),
                flag("general.mailingAddressVacant", "Mailing address vacant"),
                flag("general.mobileHome", "Mobile home"),
                number("general.parcelCount", "Parcels"),
                Field("general.schoolDistrict", "School district"),
            ),
        ),
        Section(
            "Building",
            (
                Field("building.yearBuilt", "Year built", Kind.YEAR),
                Field("building.effectiveYearBuilt", "Effective year built", Kind.YEAR),
                number("building.bedroomCount", "Bedrooms"),
                number("building.bathroomCount", "Bathrooms"),
                number("building.livingAreaSquareFeet", "Living area (sq ft)"),
                number("building.totalBuildingAreaSquareFeet", "Building area (sq ft)"),
                number("building.storyCount", "Stories"),
                number("building.roomCount", "Rooms"),
                number("building.unitCount", "Units"),
                number("building.residentialUnitCount", "Residential units"),
                number("building.commercialUnitCount", "Commercial units"),
                Field("building.garage", "Garage"),
                number("building.garageParkingSpaceCount", "Garage spaces"),
                Field("building.pool", "Pool"),
                Field("building.style", "Style"),
                Field("building.roofCover", "Roof cover"),
                Field("building.roofType", "Roof type"),
                Field("building.heatSource", "Heating"),
                Field("building.airConditioningSource", "Air conditioning"),
                Field("building.constructionType", "Construction"),
                Field("building.exteriorWalls", "Exterior walls"),
                Field("building.foundation", "Foundation"),
                number("building.fireplaceCount", "Fireplaces"),
                text_list("building.features", "Features"),
            ),
        ),
        Section(
            "Lot",
            (
                number("lot.lotSizeSquareFeet", "Lot size (sq ft)"),
                number("lot.lotSizeAcres", "Lot size (acres)"),
                number("lot.lotFrontageFeet", "Frontage (ft)"),
                number("lot.lotDepthFeet", "Depth (ft)"),
                Field("lot.zoningCode", "Zoning"),
                Field("lot.topography", "Topography"),
                Field("lot.siteInfluence", "Site influence"),
            ),
        ),
        Section(
            "Assessment",
            (
                Field("assessment.assessmentYear", "Assessment year", Kind.YEAR, counts=False),
                money("assessment.totalAssessedValue", "Assessed value"),
                money("assessment.assessedLandValue", "Assessed land"),
                money("assessment.assessedImprovementValue", "Assessed improvements"),
                money("assessment.totalMarketValue", "Assessor's market value"),
                money("assessment.landMarketValue", "Assessor's market value, land"),
                money("assessment.improvementMarketValue", "Assessor's market value, improvements"),
            ),
        ),
        Section(
            "Tax",
            (
                Field("tax.taxYear", "Tax year", Kind.YEAR, counts=False),
                money("tax.taxAmount", "Annual tax"),
                Field("tax.taxDelinquentYear", "Tax overdue since", Kind.YEAR),
            ),
        ),
        Section(
            "Owner",
            (
                Field("owner.fullName", "Owner"),
                Table(
                    "owner.names",
                    "Owners",
                    (Field("full", "Name"), Field("first", "First name"), Field("last", "Last name")),
                ),
                Field("owner.mailingAddress", "Mailing address", Kind.ADDRESS),
                flag("owner.ownerOccupied", "Owner-occupied"),
                Field("owner.ownerStatusType", "Owner type"),
                day("owner.ownershipStartDate", "Owned since"),
                number("intel.lengthOfResidenceYears", "Years owned"),
            ),
        ),
        Section(
            "Sale",
            (
                *_sale("sale.lastSale", "Last sale"),
                *_sale("sale.priorSale", "Prior sale"),
                *_sale("sale.lastTransfer", "Last transfer"),
                money("sale.flipProfit", "Resale profit"),
            ),
        ),
        Section(
            "Legal",
            (
                Field("legal.legalDescription", "Legal description"),
                Field("legal.subdivisionName", "Subdivision"),
                reference("legal.lotNumber", "Lot number"),
                reference("legal.block", "Block"),
                reference("legal.tractNumber", "Tract"),
            ),
        ),
        Section("Identifiers", (reference("ids.apn", "APN"), reference("ids.taxId", "Tax id"))),
    ),
)
