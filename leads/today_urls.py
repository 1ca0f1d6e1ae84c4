"""Addresses of the day's work."""

from django.urls import path

from leads.views import today

app_name = "today"
urlpatterns = [
    path("", today.show_today, name="show-today"),
    path("<str:contact_id>/", today.show_turn, name="show-turn"),
    path("<str:contact_id>/touch/", today.log_outcome, name="log-outcome"),
    path("<str:contact_id>/do-not-call/", today.bar_person, name="bar-person"),
    path("<str:contact_id>/do-not-call/lift/", today.lift_person, name="lift-person"),
]
