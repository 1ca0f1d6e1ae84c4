from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing import references  # noqa: PLC0415 -- needs the registry of apps

        references.register_all()
