"""Filters of BASIC about what stands there."""

from properties.models.records import Dataset
from properties.search.filters.base import Filter, Group
from properties.search.filters.numbers import Number
from properties.search.filters.words import Choice, Text

KIND = Group("kind", "Property type", Dataset.BASIC, ("house", "land", "commercial", "multifamily"))
BUILDING = Group("building", "Building", Dataset.BASIC, ("size", "rooms", "structure"))

CATEGORIES = (
    "Residential", "Vacant Land", "Commercial", "Office", "Industrial", "Agricultural", "Recreational", "Exempt",
    "Miscellaneous",
)  # fmt: skip
TYPES = (
    "Single Family", "Townhouse", "Condominium Unit", "Duplex", "Triplex", "Quadruplex", "Multi-Family Dwelling",
    "Mobile/Manufactured Home", "Residential-Vacant Land", "Retail Stores", "Office Building", "Warehouse", "Farm",
)  # fmt: skip

KIND_FILTERS: tuple[Filter, ...] = (
    Choice("type", "Property type", KIND, "general.propertyTypeDetail", "What the assessor says stands there.",
           column="property_type", choices=TYPES,
           aliases=("single family", "sfr", "condo", "mobile home", "multifamily", "apartments", "plex")),
    Choice("category", "Category", KIND, "general.propertyTypeCategory", "The wider class of the property.",
           choices=CATEGORIES, aliases=("residential", "commercial", "vacant land", "agricultural")),
    Text("land_use", "Land use codes", KIND, "general.standardizedLandUseCode",
         "The vendor's standardized codes, several with commas between them.", how="inList"),
    Number("parcels", "Parcels", KIND, "general.parcelCount", "How many parcels belong together."),
)  # fmt: skip

BUILDING_FILTERS: tuple[Filter, ...] = (
    Number("beds", "Bedrooms", BUILDING, "building.bedroomCount", column="bedroom_count", aliases=("br",)),
    Number("baths", "Bathrooms", BUILDING, "building.bathroomCount", "Half baths count as a half.",
           column="bathroom_count", decimals=1),
    Number("baths_calculated", "Bathrooms, calculated", BUILDING, "building.calculatedBathroomCount",
           "Full and half baths added up by the vendor.", decimals=2),
    Number("area", "Living area, sq ft", BUILDING, "building.livingAreaSquareFeet", "Heated living area.",
           zero_is_unknown=True, aliases=("square feet", "size")),
    Number("total_area", "Building area, sq ft", BUILDING, "building.totalBuildingAreaSquareFeet",
           "With garage, basement and porches.", zero_is_unknown=True),
    Number("built", "Year built", BUILDING, "building.yearBuilt", column="year_built", is_year=True,
           aliases=("old building", "new construction")),
    Number("stories", "Stories", BUILDING, "building.storyCount", decimals=2, aliases=("floors",)),
    Number("rooms", "Rooms", BUILDING, "building.roomCount"),
    Number("units", "Units", BUILDING, "building.unitCount", aliases=("doors", "multifamily")),
    Number("residential_units", "Residential units", BUILDING, "building.residentialUnitCount"),
    Number("commercial_units", "Commercial units", BUILDING, "building.commercialUnitCount"),
    Number("buildings", "Buildings", BUILDING, "building.buildingCount"),
    Number("garage", "Garage spaces", BUILDING, "building.garageParkingSpaceCount", aliases=("parking", "carport")),
    Choice("pool", "Pool", BUILDING, "building.pool", "Only pools that the assessor has on record.",
           choices=(("In-Ground", "In-ground"), ("Pool, Above-Ground", "Above ground")), aliases=("swimming",)),
    Choice("cooling", "Cooling", BUILDING, "building.airConditioningSource",
           choices=("Central", "Evaporative Cooler", "None"), aliases=("air conditioning", "hvac")),
    Choice("style", "Style", BUILDING, "building.style", choices=("Ranch", "Conventional", "Colonial", "Bungalow")),
    Text("features", "Features", BUILDING, "building.features", "Any part of a feature's name: patio, deck, porch.",
         found_at="building.features.*", aliases=("patio", "deck", "porch", "balcony")),
)  # fmt: skip
