"""Addresses of lists and imports."""

from django.urls import path

from leads.views import groups, imports, lists, traces

app_name = "leads"
urlpatterns = [
    path("", lists.list_groups, name="list-groups"),
    path("new/", lists.make_group, name="make-group"),
    path("deleted/", lists.list_deleted, name="list-deleted"),
    path("combine/", lists.combine_lists, name="combine-lists"),
    path("jobs/<str:job_id>/", lists.show_job, name="show-list-job"),
    path("jobs/<str:job_id>/make/", lists.make_list, name="make-list"),
    path("jobs/<str:job_id>/cancel/", lists.cancel_job, name="cancel-list-job"),
    path("add/", lists.choose_list, name="choose-list"),
    path("add/to/", lists.add_properties, name="add-properties"),
    path("import/", imports.upload_list, name="upload-list"),
    path("import/template/", imports.download_template, name="download-template"),
    path("import/<str:import_id>/", imports.show_import, name="show-import"),
    path("import/<str:import_id>/columns/", imports.map_columns, name="map-columns"),
    path("import/<str:import_id>/known/", imports.skip_known, name="skip-known"),
    path("import/<str:import_id>/commit/", imports.commit_import, name="commit-import"),
    path("import/<str:import_id>/cancel/", imports.cancel_import, name="cancel-import"),
    path("import/<str:import_id>/rows/<str:kind>/", imports.download_rows, name="download-rows"),
    path("quotes/<str:quote_id>/accept/", traces.accept_trace, name="accept-trace"),
    path("quotes/<str:quote_id>/part/", traces.quote_part, name="quote-trace-part"),
    path("quotes/<str:quote_id>/again/", traces.quote_again, name="quote-trace-again"),
    path("traces/", traces.list_traces, name="list-traces"),
    path("traces/<str:enrichment_id>/", traces.show_trace, name="show-trace"),
    path("traces/<str:enrichment_id>/pause/", traces.pause_trace, name="pause-trace"),
    path("traces/<str:enrichment_id>/resume/", traces.resume_trace, name="resume-trace"),
    path("traces/<str:enrichment_id>/cancel/", traces.cancel_trace, name="cancel-trace"),
    path("traces/<str:enrichment_id>/retry/", traces.retry_trace, name="retry-trace"),
    path("traces/<str:enrichment_id>/rest/", traces.quote_rest, name="quote-trace-rest"),
    path("traces/<str:enrichment_id>/rows/<str:state>/", traces.download_rows, name="download-trace-rows"),
    path("<str:group_id>/", groups.show_group, name="show-group"),
    path("<str:group_id>/edit/", lists.change_group, name="change-group"),
    path("<str:group_id>/delete/", lists.delete_group, name="delete-group"),
    path("<str:group_id>/restore/", lists.restore_group, name="restore-group"),
    path("<str:group_id>/totals/", lists.count_group, name="count-group"),
    path("<str:group_id>/trace/", traces.choose_trace, name="choose-trace"),
    path("<str:group_id>/trace/quote/", traces.quote_trace, name="quote-trace"),
]
