"""Names of owners are told apart, turned round where last names come first, and shown as people write them."""

import pytest

from leads.imports.values.casing import natural_case
from leads.imports.values.companies import company_key, is_company
from leads.imports.values.names import Company, NameOrder, Person, person_key, read_person
from leads.imports.values.owners import name_order, read_name_columns, read_owner, read_owners

LAST_FIRST, FIRST_LAST = NameOrder.LAST_FIRST, NameOrder.FIRST_LAST


@pytest.mark.parametrize(
    ("text", "first", "middle", "last", "suffix"),
    [
        ("OSTROWSKI MARGUERITE", "Marguerite", "", "Ostrowski", ""),
        ("VAN HOUTEN OSVALDO", "Osvaldo", "", "Van Houten", ""),
        ("DE LA CRUZ MARIA E", "Maria", "E", "De La Cruz", ""),
        ("ST CLAIR KATARZYNA", "Katarzyna", "", "St Clair", ""),
        ("SMITH JOHN A JR", "John", "A", "Smith", "Jr"),
        ("SMITH JR JOHN A", "John", "A", "Smith", "Jr"),
        ("SMITH MARY ANN", "Mary", "Ann", "Smith", ""),
        ("O'MALLEY NORBERT", "Norbert", "", "O'Malley", ""),
        ("IBARRA-LUNA PRIYA", "Priya", "", "Ibarra-Luna", ""),
        ("IBARRA - LUNA PRIYA", "Priya", "", "Ibarra-Luna", ""),
        ("MCELWAIN ESTEBAN", "Esteban", "", "McElwain", ""),
        ("MC DONALD RONALD", "Ronald", "", "Mc Donald", ""),
        ("KING LARRY", "Larry", "", "King", ""),
        ("DR SMITH JOHN", "John", "", "Smith", ""),
        ("LEE BO", "Bo", "", "Lee", ""),
        ("SMITH", "", "", "Smith", ""),
        ("Fitzwater, Rufus", "Rufus", "", "Fitzwater", ""),
    ],
)
def test_a_name_with_the_last_name_first_is_turned_round(text, first, middle, last, suffix):
    assert read_person(text, LAST_FIRST) == Person(first, middle, last, suffix)


@pytest.mark.parametrize(
    ("text", "first", "middle", "last", "suffix"),
    [
        ("Marguerite Ostrowski", "Marguerite", "", "Ostrowski", ""),
        ("JOHN A SMITH JR", "John", "A", "Smith", "Jr"),
        ("Maria de la Cruz", "Maria", "", "de la Cruz", ""),
        ("Renata van der Meer", "Renata", "", "van der Meer", ""),
        ("St. Clair, Katarzyna", "Katarzyna", "", "St. Clair", ""),
        ("Ignacio Hathaway-Boone", "Ignacio", "", "Hathaway-Boone", ""),
        ("Dr. John Q. Public III", "John", "Q.", "Public", "III"),
        ("John Smith, Jr.", "John", "", "Smith", "Jr."),
        ("Imogen GALLOWGLASS", "Imogen", "", "Gallowglass", ""),
        ("King Larry", "King", "", "Larry", ""),
        ("Yo-Yo Ma", "Yo-Yo", "", "Ma", ""),
        ("J. R. Smith", "J.", "R.", "Smith", ""),
        ("Doe, Jane Mrs", "Jane", "", "Doe", ""),
        ("Smith, Jr., John", "John", "", "Smith", "Jr."),
        ("Smith, John A., Jr.", "John", "A.", "Smith", "Jr."),
        ("Jane DeWitt", "Jane", "", "DeWitt", ""),
        ('John "Jack" Smith', "John", "", "Smith", ""),
    ],
)
def test_a_name_with_the_first_name_first_keeps_its_order(text, first, middle, last, suffix):
    assert read_person(text) == Person(first, middle, last, suffix)


@pytest.mark.parametrize(
    ("text", "order", "want"),
    [
        ("WHITLOCK GIDEON + GRETA", LAST_FIRST, ["Gideon Whitlock", "Greta Whitlock"]),
        ("SMITH JOHN & MARY JANE", LAST_FIRST, ["John Smith", "Mary Jane Smith"]),
        ("SMITH JOHN A & DOE JANE", LAST_FIRST, ["John A Smith", "Jane Doe"]),
        ("SMITH JOHN & JANE DOE", LAST_FIRST, ["John Smith", "Jane Doe"]),
        ("SMITH JOHN JR & JANE B", LAST_FIRST, ["John Smith Jr", "Jane B Smith"]),
        ("VAN HOUTEN OSVALDO & ADA", LAST_FIRST, ["Osvaldo Van Houten", "Ada Van Houten"]),
        ("SMITH JOHN A &W MARY B", LAST_FIRST, ["John A Smith", "Mary B Smith"]),
        ("SMITH JOHN A ETUX MARY B", LAST_FIRST, ["John A Smith", "Mary B Smith"]),
        ("SMITH JOHN A, SMITH MARY B", LAST_FIRST, ["John A Smith", "Mary B Smith"]),
        ("SMITH JOHN A/JONES MARY B", LAST_FIRST, ["John A Smith", "Mary B Jones"]),
        ("SMITH JOHN & MARY & DOE JANE", LAST_FIRST, ["John Smith", "Mary Smith", "Jane Doe"]),
        ("JOHN A SMITH AND MARY B SMITH, HUSBAND AND WIFE", FIRST_LAST, ["John A Smith", "Mary B Smith"]),
        ("Mr. & Mrs. John Smith", FIRST_LAST, ["John Smith"]),
        ("SMITH JOHN; SMITH JANE", LAST_FIRST, ["John Smith", "Jane Smith"]),
        ("SMITH, JOHN & JANE", FIRST_LAST, ["John Smith", "Jane Smith"]),
        ("John & Jane Smith", FIRST_LAST, ["John Smith", "Jane Smith"]),
        ("John A and Jane B Smith", FIRST_LAST, ["John A Smith", "Jane B Smith"]),
        ("John Smith & Jane Doe", FIRST_LAST, ["John Smith", "Jane Doe"]),
        ("John Smith, Jane Smith", FIRST_LAST, ["John Smith", "Jane Smith"]),
        ("Bob or Sue Jones", FIRST_LAST, ["Bob Jones", "Sue Jones"]),
        ("John Smith; Acme Holdings LLC", FIRST_LAST, ["John Smith", "Acme Holdings LLC"]),
        ("John Smith & John Smith", FIRST_LAST, ["John Smith"]),
    ],
)
def test_several_owners_stand_in_one_cell(text, order, want):
    assert [str(owner) for owner in read_owners(text, order)] == want


@pytest.mark.parametrize(
    "text",
    [
        "SMITH JOHN ET AL",
        "SMITH JOHN ETUX",
        "SMITH JOHN TRUSTEE",
        "SMITH JOHN (TE)",
        "SMITH JOHN JTRS",
        "SMITH JOHN C/O MARY JONES",
        "SMITH JOHN 50%",
        "SMITH JOHN 1/2 INT",
        "SMITH JOHN LIFE EST",
        "Smith, John And All Other Occupants",
    ],
)
def test_notes_beside_a_name_are_left_out(text):
    assert read_owners(text, LAST_FIRST) == (Person("John", "", "Smith", ""),)


@pytest.mark.parametrize(
    "text",
    [
        "ODALYS M BARRIENTOS REVOCABLE LIVING TRUST",
        "Thornbury Family Trust",
        "Kestrel & Quarry Partners LP",
        "JUNIPER STREET RENTALS, LLC",
        "Juniper Street Rentals L.L.C.",
        "Blue Heron Property Group Inc",
        "CITY OF TAMPA",
        "COUNTY OF COOK",
        "STATE OF FLORIDA",
        "ESTATE OF JOHN SMITH",
        "SMITH JOHN A EST OF",
        "TAMPA CITY OF",
        "HUD",
        "SMITH JOHN ESTATE",
        "HEIRS OF MARY JONES",
        "JOHN SMITH & ASSOCIATES LLC",
        "Grace Baptist Church",
        "First Bank",
        "U.S. Bank N.A.",
        "Smith & Co",
        "123 Main LLC",
        "Secretary of HUD",
        "Sunrise Homeowners Association",
        "Orange County School District",
        "The Smith Group",
        "US BANK NA",
        "SMITH JOHN A EST",
        "HABITAT FOR HUMANITY",
    ],
)
def test_companies_trusts_estates_and_public_bodies_are_kept_as_written(text):
    assert read_owners(text, LAST_FIRST) == read_owners(text, FIRST_LAST) == (Company(text),)
    assert is_company(text)


@pytest.mark.parametrize(
    "text", ["Frank Church", "Robert Bank", "Mary Land", "Maria Co", "John Smith III", "Rufus Fitzwater", "Jane Post"]
)
def test_people_with_names_of_things_are_people(text):
    assert isinstance(read_owner(text), Person)


@pytest.mark.parametrize("text", ["", "N/A", "none", "-", "0", "unknown", "null"])
def test_a_placeholder_names_nobody(text):
    assert read_owners(text) == ()
    assert read_owner(text) is None
    assert read_name_columns(text, text) == ()


@pytest.mark.parametrize(
    ("first", "last", "want"),
    [
        ("Priya", "Van Houten", [Person("Priya", "", "Van Houten", "")]),
        ("KATARZYNA", "Pemberton", [Person("Katarzyna", "", "Pemberton", "")]),
        ("Imogen", "GALLOWGLASS", [Person("Imogen", "", "Gallowglass", "")]),
        ("JD", "MCCOY", [Person("JD", "", "McCoy", "")]),
        ("Mary Ann", "Smith Jr", [Person("Mary Ann", "", "Smith Jr", "")]),
        ("", "Blue Heron Property Group Inc", [Company("Blue Heron Property Group Inc")]),
        ("Blue Heron LLC", "", [Company("Blue Heron LLC")]),
        ("Odalys", "Barrientos Trust", [Company("Odalys Barrientos Trust")]),
        ("Frank", "Church", [Person("Frank", "", "Church", "")]),
        ("John & Jane", "Smith", [Person("John", "", "Smith", ""), Person("Jane", "", "Smith", "")]),
        ("John Smith", "", [Person("John", "", "Smith", "")]),
        ("", "Smith, John", [Person("John", "", "Smith", "")]),
        ("", "SMITH GIDEON", [Person("Gideon", "", "Smith", "")]),
        ("", "Van Houten", [Person("", "", "Van Houten", "")]),
        ("", "Ostrowski", [Person("", "", "Ostrowski", "")]),
        ("@SUM(1+1)", "Quintanilla", [Person("@SUM(1+1)", "", "Quintanilla", "")]),
        ("=1+1", "", [Person("=1+1", "", "", "")]),
    ],
)
def test_names_in_two_columns_are_read_together(first, last, want):
    assert list(read_name_columns(first, last)) == want


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["OSTROWSKI MARGUERITE", "TREMAINE QUENTIN", "FARRADAY XIMENA"], LAST_FIRST),
        (["VAN HOUTEN OSVALDO"], LAST_FIRST),
        (["WHITLOCK ZZYZX + QXYZY"], LAST_FIRST),
        (["SZYMBORSKI OTTLA A", "LYSAKOWSKI BRONIA J"], LAST_FIRST),
        (["JAMES THOMAS", "SMITH JOHN & JANE", "ACME LLC"], LAST_FIRST),
        (["Geraldine Oyelaran", "Ximena Stallworth", "Delphine Holloway"], FIRST_LAST),
        (["GERALDINE OYELARAN", "MARTHA VAN HOUTEN", "SMITH JOHN"], FIRST_LAST),
        (["John A Smith", "Jane B Doe"], FIRST_LAST),
        (["John & Jane Smith"], FIRST_LAST),
        (["Juniper Street Rentals, LLC", "Fitzwater, Rufus"], FIRST_LAST),
        (["Qwxyz Zyxwq"], FIRST_LAST),
        ([], FIRST_LAST),
    ],
)
def test_the_order_of_names_is_told_by_the_whole_column(values, order):
    assert name_order(values) == order


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("MCELWAIN", "McElwain"),
        ("mcelwain", "McElwain"),
        ("O'MALLEY", "O'Malley"),
        ("D’ANGELO", "D’Angelo"),
        ("HATHAWAY-BOONE", "Hathaway-Boone"),
        ("MACDONALD", "MacDonald"),
        ("MACIAS", "Macias"),
        ("JOHN SMITH III", "John Smith III"),
        ("ST. CLAIR", "St. Clair"),
        ("TJ", "TJ"),
        ("NG", "Ng"),
        ("SMITH 1ST", "Smith 1st"),
        ("BO", "Bo"),
        ("JOSÉ PEÑA", "José Peña"),
        ("McElwain", "McElwain"),
        ("DeWitt", "DeWitt"),
        ("van der Berg", "van der Berg"),
        ("JD Smith", "JD Smith"),
        ("@SUM(1+1)", "@SUM(1+1)"),
        ("", ""),
    ],
)
def test_names_in_capitals_are_shown_in_natural_case(text, want):
    assert natural_case(text) == want


def test_people_compare_without_case_punctuation_middle_names_and_order():
    key = person_key("Norbert", "O'Malley")
    for same in (
        read_person("O'MALLEY NORBERT", LAST_FIRST),
        read_person("Norbert Q. O’Malley"),
        read_person("OMALLEY, NORBERT JAMES"),
        read_person("O MALLEY NORBERT", LAST_FIRST),
        read_person("omalley norbert"),
    ):
        assert same.key == key, same
    assert person_key("Osvaldo", "Van Houten") == read_person("VANHOUTEN OSVALDO", LAST_FIRST).key
    assert person_key("Katarzyna", "St. Clair") == person_key("ST CLAIR", "KATARZYNA")
    assert person_key("Ignacio", "Hathaway-Boone") == person_key("IGNACIO", "HATHAWAY BOONE")
    assert person_key("José", "Peña") == person_key("JOSE", "PENA")
    assert person_key("John", "Smith Jr.") == person_key("John", "Smith", "JUNIOR")


def test_different_people_have_different_keys():
    keys = [
        person_key("John", "Smith"),
        person_key("John", "Smith", "Jr"),
        person_key("John", "Smith", "III"),
        person_key("Jane", "Smith"),
        person_key("John", "Smyth"),
        person_key("", "Smith"),
        person_key("", ""),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[-1] == ""


def test_companies_compare_without_case_punctuation_and_the_spelling_of_their_form():
    key = company_key("Juniper Street Rentals, LLC")
    for same in (
        "JUNIPER STREET RENTALS LLC",
        "Juniper Street Rentals, L.L.C.",
        "The Juniper Street Rentals L L C",
        "juniper street rentals limited liability company",
    ):
        assert company_key(same) == key, same
    assert company_key("Kestrel & Quarry Partners LP") == company_key("KESTREL AND QUARRY PARTNERS, L.P.")
    assert company_key("Blue Heron Inc") == company_key("Blue Heron, Incorporated")
    assert company_key("Smith Revocable Living Trust") == company_key("SMITH REV LIV TR")
    assert (
        len({company_key(name) for name in ("Estate of Jo Ray", "EST OF JO RAY", "Jo Ray Estate", "RAY JO EST")}) == 2
    )
    assert company_key("Blue Heron LLC") != company_key("Blue Heron Inc")
