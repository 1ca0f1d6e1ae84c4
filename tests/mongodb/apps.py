"""A test-only app: the models that the engine's tests need, under a label of their own."""

from django.apps import AppConfig


class MongoDBTestsConfig(AppConfig):
    name = "tests.mongodb"
    label = "mongodb_tests"
