"""The rules of the books under long random sequences of operations, in memory and on MongoDB."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.credits.machine import MemoryMachine, MongoMachine, machine_settings

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]


def test_five_thousand_sequences_in_memory_keep_the_rules():
    run_state_machine_as_test(MemoryMachine, settings=machine_settings(examples=5000, steps=50))


def test_three_hundred_sequences_on_mongodb_do_what_the_model_does(db):
    run_state_machine_as_test(MongoMachine, settings=machine_settings(examples=300, steps=30))
