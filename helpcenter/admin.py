from django.contrib import admin

from atlas_site.lib.admin import DocumentAdmin
from helpcenter.models import HelpCenterArticle


@admin.register(HelpCenterArticle)
class HelpCenterArticleAdmin(DocumentAdmin):
    """Articles are few, so they are found by any word of their title."""

    list_display = ["title", "category", "published", "order", "views"]
    list_filter = ["category", "published"]
    search_fields = ["title", "slug"]
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ["views"]
