"""What a dataset shows, and when it has told something that may be charged."""

import pytest

from atlas_site.vendors.batchdata import extract_dataset
from credits.models import CreditType
from properties.datasets import DATASET_INFOS, NOT_PUBLIC, is_hit, shown_values
from properties.models import Dataset
from tests.vendors.trees import DATASET_FILES, load_tree, whole_record

SOLD = [dataset for dataset in DATASET_FILES if dataset != "BASIC"]


def texts_of(data, dataset, **options) -> dict[str, str]:
    sections = shown_values(data, dataset, **options)
    return {value.label: value.text for section in sections for value in section.values}


def tables_of(data, dataset):
    return {table.label: table for section in shown_values(data, dataset) for table in section.tables}


def everything_shown(data) -> str:
    shown = [shown_values(data, dataset) for dataset in DATASET_INFOS]
    return " | ".join(
        f"{value.label}={value.text}" for sections in shown for section in sections for value in section.walk_values()
    )


def test_every_dataset_of_the_contract_is_described():
    assert set(DATASET_INFOS) == set(Dataset.values)
    assert next(iter(DATASET_INFOS)) == Dataset.BASIC
    for code, info in DATASET_INFOS.items():
        assert info.title == Dataset(code).label
        assert info.description.endswith(".")
        assert all(section.labels for section in info.sections)
        assert info.credit_type == (CreditType.SKIPTRACE if code == Dataset.CONTACT else CreditType.SEARCH)


@pytest.mark.parametrize("dataset", SOLD)
def test_each_example_tree_is_a_hit_of_its_dataset_alone(dataset):
    tree = load_tree(DATASET_FILES[dataset])
    assert [other for other in SOLD if is_hit(tree, other)] == [dataset]


@pytest.mark.parametrize("dataset", [*SOLD, "DIVORCE_INFO"])
@pytest.mark.parametrize("data", [{}, {"_id": "a"}, {"_id": "a", "address": {"state": "TX"}}])
def test_a_record_without_the_dataset_is_a_miss(dataset, data):
    assert not is_hit(data, dataset)
    assert shown_values(data, dataset) == ()


@pytest.mark.parametrize(
    ("dataset", "data"),
    [
        ("VALUATION", {"valuation": {"asOfDate": "2025-10-01", "estimatedValue": 0, "confidenceScore": 80}}),
        ("BATCHRANK", {"intel": {"salePropensity": 0, "salePropensityStatus": "To be Determined"}}),
        ("BATCHRANK", {"intel": {"salePropensityCategory": "Unknown", "salePropensityStatus": "Not Applicable"}}),
        ("QUICKLIST", {"quickLists": {"vacant": False, "inherited": False}}),
        ("QUICKLIST", {"quickLists": {"seniorOwner": True, "vacant": False}}),
        ("PERMIT", {"permit": {"permitCount": 0, "totalJobValue": 0, "tags": {"solar": False}, "allTags": []}}),
        ("OWNER", {"propertyOwnerProfile": {"propertiesCount": 0, "mortgagesCount": 0}}),
        ("FORECLOSURE", {"foreclosure": {"statusCode": "G", "flag": True, "caseNumber": "1", "documentNumber": "2"}}),
        ("LISTING", {"listing": {"statusUpdatedAt": "2025-10-01", "soldPrice": 0, "listingNumber": "5"}}),
        ("DEED", {"deedHistory": [{"transactionId": 1, "documentNumber": "2", "interFamily": False, "salePrice": 0}]}),
        ("DEED", {"deedHistory": [{}, None]}),
        ("MORTGAGE_LIENS", {"openLien": {"totalOpenLienCount": 0, "mortgages": []}, "mortgageHistory": []}),
        ("DEMOGRAPHIC", {"demographics": {
            "age": 58, "gender": "Female", "genderCode": "F", "maritalStatus": "Married", "hasChildren": True,
            "childCount": 2, "singleParent": True, "religious": True, "religiousAffiliation": "x",
            "recentlyDivorced": True, "householdSize": 4, "homeownerRenter": "Unknown", "income": 0,
        }}),
        ("CONTACT", {"owner": {"emails": ["a@example.com"], "litigator": False, "hasLandline": True}}),
        ("CONTACT", {"owner": {"phoneNumbers": [{"number": "", "type": "Mobile", "score": 95}]}}),
        ("CONTACT", {"owner": {"phoneNumbers": [{"number": "123"}], "emails": ["a@example.com"]}}),
    ],
)  # fmt: skip
def test_zeros_codes_dates_of_checks_empty_words_and_hidden_traits_are_not_charged(dataset, data):
    assert not is_hit(data, dataset)


@pytest.mark.parametrize(
    ("dataset", "data"),
    [
        ("VALUATION", {"valuation": {"equityPercent": -12.5}}),
        ("BATCHRANK", {"intel": {"salePropensityCategory": "Low"}}),
        ("QUICKLIST", {"quickLists": {"vacant": "true"}}),
        ("PERMIT", {"permit": {"tags": {"solar": True}}}),
        ("DEED", {"deedHistory": {"recordingDate": "2003-01-20T00:00:00.000Z"}}),
        ("DEMOGRAPHIC", {"demographics": {"income": "85000"}}),
        ("CONTACT", {"owner": {"phoneNumbers": [{"number": 6025550142}]}}),
        ("BASIC", {"_id": "a"}),
    ],
)
def test_one_shown_value_is_enough(dataset, data):
    assert is_hit(data, dataset)


def test_the_numbers_of_a_litigator_are_withheld_and_not_charged():
    tree = load_tree("contact")
    tree["owner"]["litigator"] = True
    assert not is_hit(tree, "CONTACT")
    shown = everything_shown(tree)
    assert "555" not in shown
    assert "Known litigator=Yes" in shown
    assert "jane.doe@example.com" in shown


def test_hidden_traits_are_shown_nowhere():
    record = whole_record()
    record["demographics"] |= {
        "age": 5811, "gender": "GENDER", "maritalStatus": "MARITAL", "religiousAffiliation": "FAITH",
        "childCount": 7733, "householdSize": 6644,
    }  # fmt: skip
    record["owner"]["ownershipRights"] = "MARITAL"
    record["tax"]["taxExemptions"] = "Senior"
    shown = everything_shown(record)
    for hidden in ("5811", "GENDER", "MARITAL", "FAITH", "7733", "6644", "Senior", "Lutheran", "Divorced"):
        assert hidden not in shown


def test_values_read_the_way_investors_read_them():
    shown = texts_of(whole_record(), "VALUATION")
    assert shown["Estimated value"] == "$396,974"
    assert shown["Equity share"] == "36.6 %"
    assert shown["As of"] == "Oct 1, 2025"
    basic = texts_of(whole_record(), "BASIC")
    assert basic["Address"] == "1420 W Palm Ln, Phoenix, AZ 85007"
    assert basic["Year built"] == "1978"
    assert basic["Living area (sq ft)"] == "1,640"
    assert basic["Lot size (acres)"] == "0.17"
    assert basic["Bathrooms"] == "2.5"
    assert basic["Owner-occupied"] == "Yes"
    assert basic["Vacant"] == "No"
    assert basic["Features"] == "Patio, Fence"
    assert texts_of({"valuation": {"equityPercent": -3.25, "equityCurrentEstimatedBalance": -9000}}, "VALUATION") == {
        "Estimated equity": "−$9,000",
        "Equity share": "−3.25 %",
    }


def test_the_unknown_is_named_and_is_never_no():
    sections = shown_values({"_id": "a", "general": {"vacant": None, "mobileHome": False}}, "BASIC")
    assert [section.title for section in sections] == ["General"]
    assert [(value.label, value.text) for value in sections[0].values] == [("Mobile home", "No")]
    assert "Vacant" in sections[0].not_on_file


def test_lists_become_tables_without_empty_rows_and_columns():
    table = tables_of({"deedHistory": [{"recordingDate": "2020-01-02", "salePrice": "145000"}, {}, None]}, "DEED")
    assert table["Deed history"].headings == ("Recorded", "Price")
    assert [[cell.text for cell in row] for row in table["Deed history"].rows] == [["Jan 2, 2020", "$145,000"]]
    phones = tables_of(whole_record(), "CONTACT")["Phones"]
    assert phones.headings[0] == "Number"
    assert phones.rows[0][0].text == "(602) 555-0142"
    assert tables_of(whole_record(), "LISTING")["Agents"].rows[0][0].text == "Alex Agent", "one object is a list of one"


def test_signals_show_as_the_names_of_those_that_hold():
    assert texts_of(load_tree("quicklist"), "QUICKLIST")["Signals"].startswith("Absentee owner, Out-of-state absentee")
    assert texts_of({"quickLists": {"vacant": False}}, "QUICKLIST") == {"Signals": "None"}


@pytest.mark.parametrize(
    ("state", "price", "text"),
    [("TX", None, NOT_PUBLIC), ("TX", 0, NOT_PUBLIC), ("UT", "0", NOT_PUBLIC), ("TX", 210000, "$210,000"),
     ("AZ", None, None), ("AZ", 0, None), ("AZ", 210000, "$210,000"), (None, 0, None)],
)  # fmt: skip
def test_a_price_that_the_state_does_not_publish_is_not_zero(state, price, text):
    data = {"address": {"state": state}, "sale": {"lastSale": {"saleDate": "2020-01-02", "price": price}}}
    assert texts_of(data, "BASIC").get("Last sale: price") == text
    assert texts_of({"sale": data["sale"]}, "BASIC", state=state).get("Last sale: price") == text


def test_a_sale_that_never_was_has_no_price_to_hide():
    assert NOT_PUBLIC not in texts_of({"address": {"state": "TX"}, "sale": {"lastSale": {}}}, "BASIC").values()
    assert not is_hit({"address": {"state": "TX"}, "deedHistory": [{"documentNumber": "1"}]}, "DEED")


@pytest.mark.parametrize("dataset", list(DATASET_FILES))
def test_the_part_of_a_dataset_shows_the_same_as_the_whole_record(dataset):
    record = whole_record()
    part = extract_dataset(record, dataset)
    assert shown_values(part, dataset, state="AZ") == shown_values(record, dataset)


def test_papers_that_tell_of_a_marriage_are_not_shown():
    record = {"sale": {"lastSale": {"documentType": "Divorce/Dissolution of Marriage Transfer", "price": 5}}}
    texts = [value.text for section in shown_values(record, "BASIC") for value in section.walk_values()]
    assert texts == ["$5"]
