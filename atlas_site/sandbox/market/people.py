"""Invented people, companies and streets: common US names combined at random, no real person's data.

Every function takes ``rnd``, a function that returns the next random fraction (``random.Random(...).random``).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

Rnd = Callable[[], float]
T = TypeVar("T")

WOMEN = (
    "Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Karen Sarah Lisa Nancy Sandra Betty Ashley Emily "
    "Kimberly Margaret Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Sharon Laura Cynthia Dorothy "
    "Amy Kathleen Angela Shirley Emma Brenda Pamela Nicole Anna Samantha Katherine Christine Helen Debra Rachel "
    "Carolyn Janet Maria Catherine Heather Diane Olivia Julie Joyce Victoria Ruth Virginia Lauren Kelly Christina "
    "Joan Evelyn Judith Andrea Hannah Megan Cheryl Jacqueline Martha Madison Teresa Gloria Sara Janice Ana Jean "
    "Abigail Grace Rosa Yolanda Guadalupe Mei Priya Aaliyah Latoya Keisha Ingrid Thuy Fatima"
).split()
MEN = (
    "James Michael Robert John David William Richard Joseph Thomas Christopher Charles Daniel Matthew Anthony Mark "
    "Donald Steven Andrew Paul Joshua Kenneth Kevin Brian Timothy Ronald Jason George Edward Jeffrey Ryan Jacob "
    "Nicholas Gary Eric Jonathan Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory Alexander Patrick Frank "
    "Raymond Jack Dennis Jerry Tyler Aaron Jose Adam Nathan Henry Zachary Douglas Peter Kyle Noah Ethan Jeremy "
    "Christian Walter Keith Austin Roger Terry Sean Gerald Carl Dylan Harold Jordan Jesse Bryan Lawrence Arthur "
    "Gabriel Bruce Luis Carlos Juan Miguel Tyrone Darnell Wei Raj Minh Omar Sven"
).split()
LAST = (
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson "
    "Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis "
    "Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera "
    "Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart "
    "Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox "
    "Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders "
    "Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler Henderson Barnes "
    "Fisher Vasquez Simmons Romero Jordan Patterson Alexander Hamilton Graham Reynolds Griffin Wallace Moreno West "
    "Cole Hayes Bryant Herrera Gibson Ellis Tran Medina Aguilar Stevens Murray Ford Castro Marshall Owens Harrison "
    "Fernandez McDonald Woods Washington Kennedy Wells Vargas Henry Chen Freeman Webb Tucker Guzman Burns Crawford "
    "O'Brien Olson Simpson Porter Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon Munoz Hunt Hicks Holmes Palmer "
    "Wagner Black Robertson Boyd Rose Stone Salazar Fox Warren Mills Meyer Rice Schmidt Garza Daniels Ferguson "
    "Nichols Stephens Soto Weaver Ryan Gardner Payne Grant Dunn Kelley Spencer Hawkins Arnold Pierce Hansen Peters "
    "Vandyke Delacruz Smith-Jones Lopez-Reyes"
).split()

STREETS = (
    "Palm Oak Maple Cedar Pine Elm Walnut Cherry Willow Birch Magnolia Dogwood Hickory Juniper Mesquite Ocotillo "
    "Washington Lincoln Jefferson Madison Monroe Jackson Adams Grant Roosevelt Franklin Hamilton Highland Park Lake "
    "River Spring Sunset Sunrise Ridge Valley Meadow Forest Prairie Canyon Mesa Orchard Garden Church School Mill "
    "Main Center Union Liberty Prospect College Harvard Cambridge Windsor Devonshire Fairview Hillcrest Lakeview "
    "Riverside Woodland Glendale Cypress Laurel Holly Rosewood Peachtree Heather Bluebonnet Cactus Saguaro Coral "
    "Heron Falcon Eagle Quail Dove Mockingbird Cardinal Deer Fox Bear Buffalo Mustang"
).split()
STREET_TYPES = ("St", "Ave", "Ln", "Dr", "Rd", "Ct", "Blvd", "Way", "Pl", "Cir")
DIRECTIONS = ("", "", "N ", "S ", "E ", "W ")

COMPANY_FIRST = (
    "Summit Blue Heron Copper Canyon Red Rock Keystone Lakeside Golden Gate Prairie Wind Ironwood Cedar Point Silver "
    "Creek Harborview Northstar Sunbelt Cornerstone Evergreen Pioneer Granite Bayou Magnolia Desert Willow Riverbend "
    "Highland Liberty Beacon Anchor Falcon Meridian Redwood Piedmont Cascade Monarch"
).split()
COMPANY_SECOND = ("Homes", "Properties", "Residential", "Holdings", "Realty", "Capital", "Investments", "Rentals",
                  "Land", "Equities")  # fmt: skip
COMPANY_FORMS = ("LLC", "LLC", "LLC", "Inc", "LP", "Co")
LENDERS = ("Example Bank", "First Sample Mortgage", "Prairie Home Lending", "Unity Sample Credit Union",
           "Lakeshore Savings", "Harbor Mortgage Group", "Cactus State Bank", "Founders Home Loans")  # fmt: skip


def pick(rnd: Rnd, options: Sequence[T]) -> T:
    """Return one of the options, all equally likely."""
    return options[int(rnd() * len(options))]


class Person(NamedTuple):
    """One invented person."""

    first: str
    middle: str
    last: str
    is_woman: bool

    @property
    def full(self) -> str:
        return " ".join(part for part in (self.first, self.middle, self.last) if part)


def draw_person(rnd: Rnd, last: str = "") -> Person:
    """Return an invented person, with the given last name if there is one (a spouse, an heir)."""
    is_woman = rnd() < 0.5
    first = pick(rnd, WOMEN if is_woman else MEN)
    middle = chr(65 + int(rnd() * 26)) if rnd() < 0.5 else ""
    return Person(first, middle, last or pick(rnd, LAST), is_woman)


def draw_company(rnd: Rnd) -> str:
    """Return an invented company; the number keeps it from being anybody's."""
    return f"{pick(rnd, COMPANY_FIRST)} {pick(rnd, COMPANY_SECOND)} {int(rnd() * 900) + 100} {pick(rnd, COMPANY_FORMS)}"


def draw_street(rnd: Rnd) -> str:
    """Return a street name with direction and type, without a house number: "W Palm Ln"."""
    return f"{pick(rnd, DIRECTIONS)}{pick(rnd, STREETS)} {pick(rnd, STREET_TYPES)}"
