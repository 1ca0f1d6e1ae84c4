from django.apps import AppConfig


class DivorceConfig(AppConfig):
    name = "divorce"
