"""Random sequences of operations keep every rule of the books; `make faults` runs them at full size."""

from hypothesis.stateful import run_state_machine_as_test

from tests.credits.machine import MemoryMachine, MongoMachine, machine_settings


def test_any_order_of_operations_keeps_the_rules_in_memory():
    run_state_machine_as_test(MemoryMachine, settings=machine_settings(examples=150, steps=30))


def test_any_order_of_operations_on_mongodb_does_what_the_model_does(db):
    run_state_machine_as_test(MongoMachine, settings=machine_settings(examples=15, steps=20))
