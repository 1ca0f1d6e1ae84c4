"""Addresses of search, properties, jobs and saved searches."""

from django.urls import path

from properties.views import jobs, maps, owned, pictures, saved, search, watches
from properties.views import property as one_property

app_name = "properties"
urlpatterns = [
    path("search/", search.search, name="search"),
    path("search/market/", search.show_market, name="show-market"),
    path("search/signals/", search.count_signals, name="count-signals"),
    path("search/price/", search.price_reveal, name="price-reveal"),
    path("search/suggest/", search.suggest, name="suggest"),
    path("search/places/", search.suggest_places, name="suggest-places"),
    path("search/reveal/", search.quote_reveal, name="quote-reveal"),
    path("search/save/", saved.save_search, name="save-search"),
    path("quotes/<str:quote_id>/accept/", jobs.accept_quote, name="accept-quote"),
    path("quotes/<str:quote_id>/part/", jobs.quote_part, name="quote-part"),
    path("quotes/<str:quote_id>/again/", jobs.quote_again, name="quote-again"),
    path("jobs/<str:job_id>/", jobs.show_job, name="show-job"),
    path("jobs/<str:job_id>/cancel/", jobs.cancel_job, name="cancel-job"),
    path("properties/", owned.list_properties, name="list-properties"),
    path("properties/cells/", maps.list_cells, name="list-cells"),
    path("properties/cells/", maps.list_cells, name="list-points"),
    path("properties/cities/", maps.list_cities, name="list-cities"),
    path("properties/<str:property_id>/", one_property.show_property, name="show-property"),
    path("properties/<str:property_id>/print/", one_property.print_property, name="print-property"),
    path("properties/<str:property_id>/street-view/", pictures.show_street_view, name="show-street-view"),
    path("properties/<str:property_id>/street-view/image/", pictures.street_view_image, name="street-view-image"),
    path("properties/<str:property_id>/unlock/", one_property.quote_unlock, name="quote-unlock"),
    path("properties/<str:property_id>/sheet/", one_property.save_sheet, name="save-sheet"),
    path("properties/<str:property_id>/notes/", one_property.save_notes, name="save-notes"),
    path("searches/", saved.list_saved_searches, name="list-saved-searches"),
    path("searches/<str:search_id>/", saved.show_saved_search, name="show-saved-search"),
    path("searches/<str:search_id>/update/", saved.update_search, name="update-search"),
    path("searches/<str:search_id>/rename/", saved.rename_search, name="rename-search"),
    path("searches/<str:search_id>/cadence/", saved.set_cadence, name="set-cadence"),
    path("searches/<str:search_id>/pause/", saved.pause_search, name="pause-search"),
    path("searches/<str:search_id>/resume/", saved.resume_search, name="resume-search"),
    path("searches/<str:search_id>/watch/", watches.arm_watch, name="arm-watch"),
    path("searches/<str:search_id>/watch/off/", watches.disarm_watch, name="disarm-watch"),
    path("searches/<str:search_id>/run/", saved.run_saved_search, name="run-saved-search"),
    path("searches/<str:search_id>/delete/", saved.delete_saved_search, name="delete-saved-search"),
    path("searches/<str:search_id>/runs/<int:number>/", saved.show_run, name="show-run"),
    path("searches/<str:search_id>/runs/<int:number>/rest/", saved.show_rest, name="show-rest-of-run"),
]
