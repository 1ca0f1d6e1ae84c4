from django.contrib import admin

from atlas_site.lib.admin import DocumentAdmin
from divorce.models import DivorceLead


@admin.register(DivorceLead)
class DivorceLeadAdmin(DocumentAdmin):
    list_display = ["__str__", "user", "county", "state", "status", "filing_date", "property_id"]
    list_filter = ["status"]
    exact_search_fields = ["id", "user"]
    raw_id_fields = ["user"]
