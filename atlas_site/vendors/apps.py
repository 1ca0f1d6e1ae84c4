from django.apps import AppConfig


class VendorsConfig(AppConfig):
    """The gateways to vendors, and the record of every call made to them."""

    name = "atlas_site.vendors"
    label = "vendors"
    verbose_name = "Vendors"
