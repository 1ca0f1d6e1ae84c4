from django.apps import AppConfig

from leads.imports.values.addresses import place_keys


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        """Let reveals leave out what is on a list."""
        from leads.selectors.lists import excluded_by_list, exclusion_choices  # noqa: PLC0415 -- needs models
        from properties import exclusions  # noqa: PLC0415 -- needs models

        exclusions.register("list", choices=exclusion_choices, ids=excluded_by_list, place_keys=place_keys)
