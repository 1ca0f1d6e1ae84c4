"""What was seen before is found again, in memory or in the file, and the first row that had it stays the first."""

import random

from leads.services.imports.seen import KEYS_A_WRITE, SeenKeys


def test_every_key_is_found_with_its_first_row() -> None:
    chance = random.Random(5)
    keys = [f"key {number}" for number in range(KEYS_A_WRITE + 20_000)]
    expected: dict[str, int] = {}
    with SeenKeys() as seen:
        for row, start in enumerate(range(0, len(keys), 5_000)):
            again = chance.sample(keys[: start + 1], min(start + 1, 500))
            added = dict.fromkeys([*keys[start : start + 5_000], *again], row)
            seen.add(added, {row: f"contact {row}"})
            expected = {**added, **expected}
        assert seen.first_rows([*keys, "no such key"]) == expected
        assert seen.contact_of(3) == "contact 3"
        assert seen.contact_of(99) is None
