"""Chargebee's JSON made into objects, whole and with holes in it."""

from datetime import UTC, datetime

import pytest

from atlas_site.vendors.chargebee import reading


def test_nothing_but_an_id_is_enough_to_read():
    assert reading.read_invoice({"id": "inv_1"}).id == "inv_1"
