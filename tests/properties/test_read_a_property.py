"""How a property is laid out for people: history, sales side by side, numbers at the right, what forbids a call."""

from datetime import date

from properties.datasets import DATASET_INFOS, shown_values
from properties.models import Dataset
from properties.selectors.history import history_of
from properties.selectors.reading import field_names, lay_out

RECORD = {
    "address": {"street": "1 Main St", "city": "Phoenix", "state": "AZ"},
    "deedHistory": [
        {"saleDate": "2015-05-14", "documentType": "Warranty Deed", "salePrice": 345385, "sellers": ["Ann Seller"],
         "buyers": ["Ben Buyer"]},
        {"recordingDate": "2022-06-01", "buyers": ["Cy Owner"]},
        {"documentType": "Quit Claim Deed"},
    ],
    "mortgageHistory": [
        {"recordingDate": "2022-06-12", "lenderName": "Founders Home Loans", "loanAmount": 454500, "loanType": "FHA"},
        {"recordingDate": "2022-06-12", "lenderName": "Founders Home Loans", "loanAmount": 454500, "loanType": "FHA"},
    ],
    "involuntaryLien": {"liens": [{"filingDate": "2024-02-01", "lienType": "Tax lien", "lienAmount": 900}]},
    "sale": {"lastSale": {"saleDate": "2022-05-31", "price": 471000}, "priorSale": {"price": 345385}},
    "owner": {
        "fullName": "Cy Owner",
        "names": [{"full": "Cy Owner"}],
        "phoneNumbers": [{"number": "6025558044", "type": "Mobile", "dnc": True, "score": 95}],
    },
}  # fmt: skip


def parts_of(dataset: str) -> dict:
    return {part.title: part for part in map(lay_out, shown_values(RECORD, dataset))}


def test_the_history_is_newest_first_each_event_once_and_without_what_has_no_date():
    sections = [section for name in (Dataset.DEED, Dataset.MORTGAGE_LIENS) for section in shown_values(RECORD, name)]

    events = history_of(sections)

    assert [(event.on, event.kind, event.title, event.amount, event.detail) for event in events] == [
        (date(2024, 2, 1), "Lien", "Tax lien", "$900", ""),
        (date(2022, 6, 12), "Loan", "FHA loan", "$454,500", "Founders Home Loans"),
        (date(2022, 6, 1), "Deed", "Deed", "", "to Cy Owner"),
        (date(2015, 5, 14), "Deed", "Warranty Deed", "$345,385", "Ann Seller to Ben Buyer"),
    ]
    assert history_of(shown_values(RECORD, Dataset.BASIC)) == []


def test_sales_stand_side_by_side_and_what_is_missing_in_one_is_unknown():
    sale = parts_of(Dataset.BASIC)["Sale"]

    assert sale.is_wide
    assert sale.side_by_side.headings == ["Last sale", "Prior sale"]
    rows = {name: [cell and cell.text for cell in cells] for name, cells in sale.side_by_side.rows}
    assert rows == {"Date": ["May 31, 2022", None], "Price": ["$471,000", "$345,385"]}


def test_a_list_of_one_name_that_is_said_already_is_left_out():
    owner = parts_of(Dataset.BASIC)["Owner"]

    assert [value.text for value in owner.values] == ["Cy Owner"]
    assert owner.tables == []


def test_columns_of_numbers_stand_at_the_right_and_a_number_not_to_be_called_stands_out():
    tables = [table for part in parts_of(Dataset.CONTACT).values() for table in part.tables]
    phones = next(table for table in tables if any(cell.forbids for row in table.rows for cell in row))
    at_the_right = {heading for heading, is_number in phones.headings if is_number}

    assert "Score" in at_the_right
    assert "Type" not in at_the_right
    assert [cell.value.label for row in phones.rows for cell in row if cell.forbids] == ["Do not call"]


def test_locked_lists_name_their_columns():
    assert field_names(DATASET_INFOS[Dataset.DEED])[0].startswith("Deed history (sold, recorded, document, price")
    assert all(field_names(info) for info in DATASET_INFOS.values())
