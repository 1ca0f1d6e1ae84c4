"""Addresses of onboarding and sessions; signing in and out has those of allauth."""

app_name = "accounts"

urlpatterns: list = []
