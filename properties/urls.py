"""Addresses of search, properties, jobs and saved searches."""

from django.urls import path

from properties.views import jobs, maps, owned, pictures, saved, search

app_name = "properties"
urlpatterns = [
    path("search/", search.search, name="search"),
    path("search/market/", search.show_market, name="show-market"),
    path("search/places/", search.suggest_places, name="suggest-places"),
    path("search/reveal/", search.quote_reveal, name="quote-reveal"),
    path("search/save/", saved.save_search, name="save-search"),
    path("quotes/<str:quote_id>/accept/", jobs.accept_quote, name="accept-quote"),
    path("quotes/<str:quote_id>/part/", jobs.quote_part, name="quote-part"),
    path("jobs/<str:job_id>/", jobs.show_job, name="show-job"),
    path("properties/", owned.list_properties, name="list-properties"),
    path("properties/cells/", maps.list_cells, name="list-cells"),
    path("properties/cells/", maps.list_cells, name="list-points"),
    path("properties/cities/", maps.list_cities, name="list-cities"),
    path("properties/<str:property_id>/", owned.show_property, name="show-property"),
    path("properties/<str:property_id>/street-view/", pictures.show_street_view, name="show-street-view"),
    path("properties/<str:property_id>/street-view/image/", pictures.street_view_image, name="street-view-image"),
    path("properties/<str:property_id>/unlock/", owned.quote_unlock, name="quote-unlock"),
    path("searches/", saved.list_saved_searches, name="list-saved-searches"),
    path("searches/<str:search_id>/", saved.show_saved_search, name="show-saved-search"),
    path("searches/<str:search_id>/run/", saved.run_saved_search, name="run-saved-search"),
    path("searches/<str:search_id>/delete/", saved.delete_saved_search, name="delete-saved-search"),
    path("searches/<str:search_id>/runs/<int:number>/", saved.show_run, name="show-run"),
]
