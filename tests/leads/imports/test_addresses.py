"""Addresses compare however they are written, and keep their own words where they are shown."""

from functools import reduce

import pytest

from leads.imports.values.addresses import Place, read_address, read_place, split_full_address
from leads.imports.values.streets import looks_like_street, read_street, second_line


@pytest.mark.parametrize(
    "spellings",
    [
        ["8931 W Larkspur Avenue", "8931 W LARKSPUR AVE", "8931 West Larkspur Ave.", "08931 w  larkspur av"],
        ["123 North Avenue", "123 N Ave"],
        ["100 Saint Charles Street", "100 ST CHARLES ST", "100 St. Charles St"],
        ["123 Fifth Ave", "123 5th Avenue", "123 5 Ave", "123 5 AVENUE"],
        ["22 Twenty-First St", "22 21st Street", "22 TWENTY FIRST ST", "22 21 St"],
        ["9 E 5 St", "9 East 5th Street"],
        ["4513 W Sunset Way Apt A", "4513 WEST SUNSET WAY APARTMENT A", "4513 W Sunset Way #A"],
        ["123 Main St 2nd Floor", "123 Main St Fl 2", "123 MAIN ST, FLOOR 2", "123 Main Street 2nd Fl."],
        ["12 Oak St Lot 7", "12 Oak Street #7", "12 Oak St Trlr 7", "12 OAK ST SPACE 7"],
        ["12345 US Highway 27 N", "12345 U.S. 27 North", "12345 US HWY 27 N", "12345 US RT 27 N"],
        ["123 County Road 12", "123 CO RD 12", "123 CR 12", "123 County Rd. 12"],
        ["123 State Road 54", "123 SR 54", "123 ST RD 54", "123 State Route 54"],
        ["10455 FM 1960", "10455 Farm to Market Road 1960", "10455 F.M. 1960", "10455 FM RD 1960"],
        ["PO Box 123", "P.O. BOX 123", "P O Box 123", "POB 123", "Post Office Box 123"],
        ["RR 2 Box 34", "Rural Route 2 Box 34", "RT 2 BOX 34", "R.R. 2, Box 34"],
        ["W204N11912 Goldendale Rd", "W204 N11912 GOLDENDALE ROAD"],
        ["12 Winston-Salem Rd", "12 WINSTON SALEM ROAD"],
        ["123 O'Hara Ct", "123 OHARA COURT"],
        ["9 Martin Luther King Jr Blvd", "9 MARTIN LUTHER KING JR. BOULEVARD"],
        ["123 1/2 Main St", "123 1/2 MAIN STREET"],
        ["37-12 75th St", "37-12 75TH STREET"],
        ["123 Main St NW", "123 MAIN STREET NORTHWEST"],
    ],
)
def test_spellings_of_one_street_have_one_key(spellings):
    assert len({read_street(text).full_key for text in spellings}) == 1


@pytest.mark.parametrize(
    "spellings",
    [
        ["9419 S Umber Pl Unit 3B", "9419 S UMBER PLACE, APT 3B", "9419 S Umber Pl #3B", "9419 S Umber Pl # 3-B"],
        [
            "123 Main St Apt 5",
            "123 Main St Apt. 05",
            "123 MAIN ST APARTMENT 5",
            "123 Main St APT5",
            "123 Main St Unit #5",
        ],
        ["123 Main St Suite 200", "123 Main St, Ste 200"],
        ["123 Main St Bldg 4 Apt 12", "123 Main St Building 4, Unit 12"],
        ["3677 E Fenwick Way, Rear", "3677 E FENWICK WAY REAR"],
        ["1 World Trade Ctr Fl 85", "1 World Trade Center, Floor 85"],
    ],
)
def test_spellings_of_one_unit_have_one_key(spellings):
    streets = [read_street(text) for text in spellings]
    assert all(street.unit_key for street in streets)
    assert len({street.full_key for street in streets}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("123 Main St Apt 5", "123 Main St Apt 6"),
        ("123 Main St Apt 5", "123 Main St"),
        ("123 Main St", "123 Main Ave"),
        ("123 N Main St", "123 S Main St"),
        ("123 Main St N", "123 Main St E"),
        ("123 Main St", "124 Main St"),
        ("123 Main St", "123 1/2 Main St"),
        ("123 Main St Bldg 5", "123 Main St Apt 5"),
        ("37-12 75th St", "37-14 75th St"),
        ("PO Box 12", "PO Box 13"),
        ("10455 FM 1960", "10455 FM 1961"),
    ],
)
def test_different_addresses_have_different_keys(one, other):
    assert read_street(one).full_key != read_street(other).full_key


@pytest.mark.parametrize(
    ("text", "key", "unit"),
    [
        ("8985 N MAGNOLIA AVE", "8985 N MAGNOLIA AVE", ""),
        ("9419 S Umber Pl Unit 3B", "9419 S UMBER PL", "UNIT 3B"),
        ("123 Avenue C", "123 AVE C", ""),
        ("1200 Ave of the Americas", "1200 AVE OF THE AMERICAS", ""),
        ("77 S Lake Park Blvd", "77 S LK PARK BLVD", ""),
        ("123 Highway 99 S", "123 HWY 99 S", ""),
        ("Main St & 5th Ave", "MAIN ST & 5TH AVE", ""),
        ("SE Corner of Main and 5th", "SE COR OF MAIN AND 5TH", ""),
        ("Lot 14 Vinewood Dr", "LOT 14 VINEWOOD DR", ""),
        ("4 Kestrel Ln Lot 3", "4 KESTREL LN", "LOT 3"),
        ("123 Dunmore Blvd Unit", "123 DUNMORE BLVD", ""),
        ("7 W Imperial Ave Trace Apt 5", "7 W IMPERIAL AVE TRCE", "APT 5"),
        ("7 NW Ona Steeple Boulevard E", "7 NW ONA STEEPLE BLVD E", ""),
        ("1234 21st Brooklyn Ct", "1234 21ST BROOKLYN CT", ""),
    ],
)
def test_a_street_is_told_from_its_unit(text, key, unit):
    street = read_street(text)
    assert (street.key, street.unit, street.city) == (key, unit, "")


@pytest.mark.parametrize(
    ("text", "has_number"),
    [
        ("123 Main St", True), ("W204N11912 Goldendale Rd", True), ("37-12 75th St", True), ("PO Box 5", True),
        ("123A Main St", True), ("0 Main St", False), ("00 Main St", False), ("Main St", False), ("US HWY 27", False),
        ("5th and Main", False), ("Lot 14 Vinewood Dr", False), ("County Road 12", False),
    ],
)  # fmt: skip
def test_land_without_a_house_number_is_known(text, has_number):
    assert read_street(text).has_number is has_number


@pytest.mark.parametrize(
    ("parts", "line", "key"),
    [
        (["9190 THORNBURY CT", "APT 5"], "9190 THORNBURY CT APT 5", "9190 THORNBURY CT#5"),
        (["9190 Thornbury Ct", "5"], "9190 Thornbury Ct # 5", "9190 THORNBURY CT#5"),
        (["9190 Thornbury Ct", ""], "9190 Thornbury Ct", "9190 THORNBURY CT"),
        (["8985", "N", "12TH", "ST", "3B"], "8985 N 12TH ST # 3B", "8985 N 12TH ST#3B"),
        (["8985", "N", "MAGNOLIA", "AVE", ""], "8985 N MAGNOLIA AVE", "8985 N MAGNOLIA AVE"),
        (["12345 US HWY", "27"], "12345 US HWY 27", "12345 US HWY 27"),
        (["123", "COUNTY RD", "12"], "123 COUNTY RD 12", "123 CR 12"),
        (["", "PO Box 12"], "PO Box 12", "PO BOX 12"),
    ],
)
def test_columns_of_one_street_are_joined(parts, line, key):
    joined = reduce(second_line, parts)
    assert joined == line
    assert read_street(joined).full_key == key


@pytest.mark.parametrize(
    ("text", "street", "place"),
    [
        ("4829 E Vinewood Pl, Apt 100, Houston, TX 77036", "4829 E Vinewood Pl, Apt 100", ("Houston", "TX", "77036")),
        ("4829 E Vinewood Pl Houston TX 77036", "4829 E Vinewood Pl", ("Houston", "TX", "77036")),
        ("123 Main St, Springfield, MA 1109", "123 Main St", ("Springfield", "MA", "01109")),
        ("123 Main St Unit 5, Boston MA 2124-1234", "123 Main St Unit 5", ("Boston", "MA", "02124")),
        ("123 Main St, Tampa, Hillsborough County, FL 33610, USA", "123 Main St", ("Tampa", "FL", "33610")),
        ("123 Main St\nTampa, FL 33610", "123 Main St", ("Tampa", "FL", "33610")),
        ("1 N Washington Ave, Washington DC 20001", "1 N Washington Ave", ("Washington", "DC", "20001")),
        ("55 E 9th St New York NY 10003", "55 E 9th St", ("New York", "NY", "10003")),
        ("123 Highway 99 S, Rear, Reno NV 89501", "123 Highway 99 S, Rear", ("Reno", "NV", "89501")),
        ("12 Elm St Hartford CT", "12 Elm St", ("Hartford", "CT", "")),
        ("PO Box 12, Tampa, FL", "PO Box 12", ("Tampa", "FL", "")),
        ("123 Main St, Tampa", "123 Main St", ("Tampa", "", "")),
        ("123 Main St Apt 1109", "123 Main St Apt 1109", ("", "", "")),
        ("12 Elm Ct", "12 Elm Ct", ("", "", "")),
        ("Columbus, OH 43211", "", ("Columbus", "OH", "43211")),
        ("Houston TX 77036", "", ("Houston", "TX", "77036")),
        ("N/A", "", ("", "", "")),
    ],
)
def test_an_address_in_one_cell_is_split(text, street, place):
    found, where = split_full_address(text)
    assert (found, where[:3]) == (street, place)


@pytest.mark.parametrize(
    ("cells", "want"),
    [
        (("Springfield", "Massachusetts", "1109"), ("Springfield", "MA", "01109", "", "01109")),
        (("ORLANDO", "", "32808"), ("ORLANDO", "FL", "32808", "", "32808")),
        (("Austin", "TX", "78744-0001"), ("Austin", "TX", "78744", "0001", "78744-0001")),
        (("Springfield, MA", "", "1109"), ("Springfield", "MA", "01109", "", "01109")),
        (("", "", "", "San Antonio, TX 78210"), ("San Antonio", "TX", "78210", "", "78210")),
        (("San Antonio", "TX", "", "SAN ANTONIO TX 78210"), ("San Antonio", "TX", "78210", "", "78210")),
        (("Toronto", "ON", "M5V 2T6"), ("Toronto", "ON", "", "", "M5V 2T6")),
        (("Houston", "TX", "7703"), ("Houston", "TX", "", "", "7703")),
        (("N/A", "-", "0"), ("", "", "", "", "")),
    ],
)
def test_the_place_of_a_row_is_read_from_its_cells(cells, want):
    assert read_place(*cells)[:5] == want


def test_an_address_has_a_key_for_its_zip_code_and_one_for_its_city():
    full = read_address("8931 W Larkspur Avenue", "Orlando", "", "32808")
    without_zip = read_address("8931 W LARKSPUR AVE", "ORLANDO", "Florida")
    without_city = read_address("8931 W Larkspur Ave", "", "", "32808-1234")
    assert set(full.keys) == {*without_zip.keys, *without_city.keys}
    assert set(without_zip.keys).isdisjoint(without_city.keys)
    assert read_address("N/A", "Orlando", "FL", "32808").keys == ()


def test_a_place_in_the_street_s_cell_counts_where_its_own_cells_are_blank():
    address = read_address("123 Main St, Tampa, FL 33610")
    assert address.street == "123 Main St, Tampa, FL 33610"
    assert address.place == Place("TAMPA", "FL", "33610", "", "33610", "TAMPA")
    assert address.keys == read_address("123 Main Street", "Tampa", "FL", "33610").keys
    assert read_address("123 Main St, Tampa, FL 33610", "Brandon", "FL").place.city == "Brandon"


def test_a_city_that_is_said_again_and_a_line_of_care_do_not_change_the_address():
    keys = read_address("123 Main Street", "Tampa", "FL", "33610").keys
    assert read_address("123 Main St, Tampa", "Tampa", "FL", "33610").keys == keys
    assert read_address("C/O Mary Jones", "Tampa", "FL", "33610", line_2="123 MAIN ST").keys == keys
    assert read_address("5 Tampa St", "Tampa", "FL", "33610").street_key == "5 TAMPA ST"


@pytest.mark.parametrize("text", ["123 Main St", "PO Box 5", "RR 2 Box 34", "10455 FM 1960", "37-12 75th St Apt 2"])
def test_streets_look_like_streets(text):
    assert looks_like_street(text)


@pytest.mark.parametrize("text", ["", "Houston", "TX", "77036", "Rufus Fitzwater", "2026-03-12", "(614) 555-0179"])
def test_other_values_do_not_look_like_streets(text):
    assert not looks_like_street(text)
