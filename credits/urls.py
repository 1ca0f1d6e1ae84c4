"""Addresses of credits, at the root of the site."""

from django.urls import path

from credits import views

app_name = "credits"
urlpatterns = [
    path("credits/", views.show_credits, name="show-credits"),
    path("quotes/<str:quote_id>/", views.show_quote, name="show-quote"),
]
