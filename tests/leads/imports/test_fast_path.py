"""What is read without the libraries is what the libraries read, over every word they know.

usaddress sees of a word whether its model knows it, how long it is, whether it has vowels, and whether it is a kind of
street or a direction. So its known words and one word of every other sort stand for all words there are.
"""

import random
import re
from collections.abc import Iterator
from itertools import product

import pytest
import usaddress
from faker import Faker
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.imports.fields import Field
from leads.imports.rows import Lead, LeadReader
from leads.imports.values.companies import given_names
from leads.imports.values.names import DEFAULT_LEXICON, NameOrder, read_person_by_library, read_person_fast
from leads.imports.values.owners import read_owners, read_owners_by_library
from leads.imports.values.phones import read_phones, read_phones_by_library, read_phones_fast
from leads.imports.values.streets import KINDS, normal_line, read_street_by_library, read_street_fast

LONGEST_WORD = 17
NUMBERS = "1 7 10 12 100 123 250 1000 1234 2340 10000 12345 12300 100000 123456".split()
DIRECTIONS = "N S E W NE NW SE SW NORTH SOUTH EAST WEST".split()
BEHIND = "N S E W NE NW SE SW".split()
UNITS = ["APT 5", "APT 12", "UNIT 3B", "UNIT B3", "STE 100", "# 5", "# 1234", "APT 4C", "UNIT 1000", "APT B12C"]
ORDINALS = "1ST 2ND 3RD 4TH 9TH 11TH 12TH 13TH 21ST 75TH 110TH 112TH".split()


def words_of_every_sort() -> list[str]:
    """Every word that the model of usaddress knows, and one of each sort that it tells apart by other marks."""
    with open(usaddress.MODEL_PATH, "rb") as model:
        known = {word.decode("utf-8", "replace").upper() for word in re.findall(rb"word:([^\0]+)\0", model.read())}
    known = {word for word in known if re.fullmatch(r"[A-Z]{2,}", word)}
    assert len(known) > 600
    sorts: dict[object, str] = {}
    made = [pattern[:length] for length in range(2, LONGEST_WORD) for pattern in ("BRTHRSMNBQKLDFGZX", "B" + "RA" * 8)]
    for word in sorted({name.upper() for name in usaddress.STREET_NAMES} | set(made)):
        if word not in known:
            has_vowels = bool(set(word[1:]) & set("AEIOU"))
            sorts.setdefault((len(word), has_vowels, word.lower() in usaddress.STREET_NAMES), word)
    return sorted(known | set(sorts.values()))


def lines_of_every_word() -> Iterator[str]:
    """Addresses in which every word stands at every place of a name, among random others."""
    dice = random.Random(1)
    words, kinds = words_of_every_sort(), KINDS.split("|")
    for word, place in product(words, range(6)):
        name = [dice.choice(words) for _ in range((0, 1, 1, 2, 2, 2)[place])]
        name.insert((0, 0, 1, 0, 1, 2)[place], word)
        for direction, behind in ((dice.choice(DIRECTIONS), ""), ("", dice.choice(["", *BEHIND]))):
            unit = dice.choice(["", "", *UNITS])
            parts = [dice.choice(NUMBERS), direction, *name, dice.choice(kinds), behind, unit]
            yield " ".join(filter(None, parts))


def real_looking_streets(count: int) -> Iterator[str]:
    """Addresses as lists have them: in capitals or not, with and without directions, units and full stops."""
    dice, fake = random.Random(2), Faker("en_US", seed=2)
    fake.seed_instance(2)
    kinds = "St Ave Rd Dr Ln Ct Pl Way Blvd Ter Cir Street Avenue Road Drive Lane Court Pkwy Trl Loop St. Ave.".split()
    for _ in range(count):
        name = dice.choice([fake.last_name, fake.city, fake.first_name, lambda: dice.choice(ORDINALS)])()
        direction = dice.choice(["", "", "N ", "S ", "West ", "E. ", "NW "])
        unit = dice.choice(["", "", "", " Apt 5", " #12", ", Unit 3B", " Ste 200", " Apt. C", " Bldg 4 Apt 2", " Rear"])
        number = dice.choice([*[str(dice.randint(1, 99999))] * 9, "37-12", "0", "12 1/2"])
        line = f"{number} {direction}{name} {dice.choice(kinds)}{unit}"
        yield dice.choice([line, line.upper(), line.lower()])


def real_looking_names(count: int) -> Iterator[tuple[str, NameOrder]]:
    """Names as lists have them, and names made of every title, degree, particle and suffix that nameparser knows."""
    dice, fake = random.Random(3), Faker(["en_US", "es_MX", "pl_PL", "vi_VN"])
    fake.seed_instance(3)
    lexicon = DEFAULT_LEXICON
    vocabulary = sorted(
        word
        for word in lexicon.titles | lexicon.suffix_words | lexicon.suffix_acronyms | lexicon.particles
        if word.isascii()
    )
    given = sorted(given_names())
    for number in range(count):
        sources = [fake.last_name, fake.first_name, lambda: dice.choice(given), lambda: dice.choice("ABCDEFIJMVXY")]
        words = [dice.choice(sources)() for _ in range(dice.choice([2, 2, 3, 3, 4]))]
        if number % 2:
            words[dice.randrange(len(words))] = vocabulary[number // 2 % len(vocabulary)]
        text = " ".join(words) if dice.random() < 0.7 else f"{words[0]}, {' '.join(words[1:])}"
        yield dice.choice([text, text.upper(), text.upper(), text.title(), text.lower()]), dice.choice(list(NameOrder))


def test_streets_with_every_known_word_are_read_as_the_library_reads_them():
    answers = 0
    for line in lines_of_every_word():
        fast = read_street_fast(line)
        if fast is not None:
            answers += 1
            assert fast == read_street_by_library(line), line
    assert answers > 5_000


def test_boxes_are_read_as_the_library_reads_them():
    for number in [*NUMBERS, "2", "11", "99", "101", "2000", "99999"]:
        for line in (f"PO BOX {number}", f"P O BOX {number}"):
            fast = read_street_fast(line)
            assert fast is not None
            assert fast == read_street_by_library(line), line


def test_real_looking_streets_are_read_as_the_library_reads_them():
    lines = [normal_line(text) for text in real_looking_streets(4_000)]
    answers = [(line, fast) for line in lines if (fast := read_street_fast(line)) is not None]
    assert len(answers) > 1_000
    assert [line for line, fast in answers if fast != read_street_by_library(line)] == []


def test_real_looking_names_are_read_as_the_library_reads_them():
    answers = 0
    for text, order in real_looking_names(3_000):
        fast = read_person_fast(text, order)
        if fast is not None:
            answers += 1
            assert fast == read_person_by_library(text, order), (text, order)
        assert read_owners(text, order) == read_owners_by_library(text, order), (text, order)
    assert answers > 1_000


PLAIN_WORD = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=12)
ANY_WORD = st.one_of(PLAIN_WORD, PLAIN_WORD.map(str.title), PLAIN_WORD.map(str.lower), st.text(max_size=6))


@settings(max_examples=150)
@given(
    st.lists(PLAIN_WORD, min_size=1, max_size=4),
    st.integers(1, 999_999),
    st.sampled_from(KINDS.split("|")),
    st.sampled_from(["", *UNITS]),
    st.sampled_from(["", *DIRECTIONS]),
    st.sampled_from(["", *BEHIND]),
)
def test_no_street_is_read_otherwise_than_by_the_library(name, number, kind, unit, direction, behind):
    line = " ".join(filter(None, [str(number), direction, *name, kind, behind, unit]))
    assert read_street_fast(line) in {None, read_street_by_library(line)}


@settings(max_examples=150)
@given(st.lists(ANY_WORD, min_size=1, max_size=4), st.sampled_from([" ", ", ", " & "]), st.sampled_from(NameOrder))
def test_no_name_is_read_otherwise_than_by_the_library(words, separator, order):
    text = f"{words[0]}{separator}{' '.join(words[1:])}"
    assert read_person_fast(text, order) in {None, read_person_by_library(text, order)}
    assert read_owners(text, order) == read_owners_by_library(text, order)


@settings(max_examples=150)
@given(
    st.integers(0, 999),
    st.integers(0, 999),
    st.integers(0, 9999),
    st.sampled_from(["", "1", "+1", "1-", "+1 ", "1 ("]),
    st.sampled_from(["", "-", ".", " ", ") ", ")"]),
    st.sampled_from(["", "-", ".", " "]),
    st.sampled_from(["", " x12", "x1", " ext 5", " ext. 99999", ".0", " "]),
)
def test_no_phone_number_is_read_otherwise_than_by_the_library(area, exchange, line, before, first, second, extension):
    opening = "(" if ")" in first and "(" not in before else ""
    text = f"{before}{opening}{area:03}{first}{exchange:03}{second}{line:04}{extension}"
    assert read_phones_fast(text) in {None, read_phones_by_library(text)}
    assert read_phones(text) == read_phones_by_library(text)


@pytest.mark.parametrize("is_whole_name", [True, False])
def test_plain_rows_need_no_library(is_whole_name, monkeypatch):
    fields = [Field.FULL_NAME] if is_whole_name else [Field.FIRST_NAME, Field.LAST_NAME]
    fields += [Field.ADDRESS, Field.CITY, Field.ZIP, Field.PHONE]
    name = ["OSTROWSKI MARGUERITE"] if is_whole_name else ["Marguerite", "Ostrowski"]
    row = [*name, "8931 W Larkspur Avenue Apt 5", "Orlando", "32808", "(407) 555-0101"]
    mapping = dict(enumerate(fields))
    orders = {0: NameOrder.LAST_FIRST}
    by_library = LeadReader(mapping, fields, orders, is_fast=False).read(row)
    monkeypatch.setattr(usaddress, "parse", None)
    fast = LeadReader(mapping, fields, orders).read(row)
    assert isinstance(fast, Lead)
    assert fast == by_library
    assert (fast.first_name, fast.unit, fast.phones) == ("Marguerite", "APT 5", ("4075550101",))
