"""Addresses of onboarding, profile and sessions; signing in and out has those of allauth."""

from django.urls import path, register_converter

from accounts import views
from atlas_site.lib.converters import ObjectIdConverter

register_converter(ObjectIdConverter, "objectid")

app_name = "accounts"
urlpatterns = [
    path("welcome/", views.onboard, name="onboard"),
    path("welcome/places/", views.suggest_places, name="suggest-places"),
    path("profile/", views.show_profile, name="show-profile"),
    path("markets/follow/", views.follow_market, name="follow-market"),
    path("markets/<objectid:market_id>/unfollow/", views.unfollow_market, name="unfollow-market"),
    path("sessions/", views.list_sessions, name="list-sessions"),
    path("sessions/end-others/", views.end_other_sessions, name="end-other-sessions"),
    path("sessions/<objectid:session_id>/end/", views.end_session, name="end-session"),
    path("email/", views.show_email, name="show-email"),
]
