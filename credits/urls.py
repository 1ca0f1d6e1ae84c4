"""Addresses of credits, at the root of the site."""

from django.urls import path

from credits import views

app_name = "credits"
urlpatterns = [
    path("credits/", views.show_credits, name="show-credits"),
    path("credits/usage/", views.show_usage, name="show-usage"),
    path("credits/receipts/", views.list_receipts, name="list-receipts"),
    path("credits/prices/", views.show_prices, name="show-prices"),
    path("credits/entries/<int:sequence>/", views.show_entry, name="show-entry"),
    path("credits/automatic-spending/", views.switch_automatic_spending, name="switch-automatic-spending"),
    path("credits/statement.csv", views.export_csv, name="export-csv"),
    path("credits/statement.jsonl", views.export_json_lines, name="export-json-lines"),
    path("credits/ledger.jsonl", views.export_ledger, name="export-ledger"),
    path("credits/verify_ledger.py", views.send_script, name="send-script"),
    path("quotes/<str:quote_id>/", views.show_quote, name="show-quote"),
]
