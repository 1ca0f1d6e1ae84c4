"""The engine as an app: its abstract models have one place, and no table of their own."""

from django.apps import AppConfig


class MongoDBConfig(AppConfig):
    name = "atlas_site.mongodb"
    label = "mongodb"
    verbose_name = "MongoDB"
