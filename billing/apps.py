from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing import checks, references  # noqa: F401, PLC0415 -- both need the registry of apps

        references.register_all()
