"""Addresses of lists and imports."""

from django.urls import path

from leads.views import groups, imports

app_name = "leads"
urlpatterns = [
    path("", groups.list_groups, name="list-groups"),
    path("import/", imports.upload_list, name="upload-list"),
    path("import/template/", imports.download_template, name="download-template"),
    path("import/<str:import_id>/", imports.show_import, name="show-import"),
    path("import/<str:import_id>/columns/", imports.map_columns, name="map-columns"),
    path("import/<str:import_id>/known/", imports.skip_known, name="skip-known"),
    path("import/<str:import_id>/commit/", imports.commit_import, name="commit-import"),
    path("import/<str:import_id>/cancel/", imports.cancel_import, name="cancel-import"),
    path("import/<str:import_id>/rows/<str:kind>/", imports.download_rows, name="download-rows"),
    path("<str:group_id>/", groups.show_group, name="show-group"),
]
