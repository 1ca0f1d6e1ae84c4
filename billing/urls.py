"""Addresses of billing, below /billing/."""

from django.urls import path

from billing import views, webhooks

app_name = "billing"
urlpatterns = [
    path("", views.show_billing, name="show-billing"),
    path("plans/", views.show_plans, name="show-plans"),
    path("plans/<str:offer_id>/", views.show_offer, name="show-offer"),
    path("plans/<str:offer_id>/checkout/", views.start_checkout, name="start-checkout"),
    path("plans/<str:offer_id>/change/", views.change_plan, name="change-plan"),
    path("checkout/<str:checkout_id>/", views.go_to_checkout, name="go-to-checkout"),
    path("return/", views.finish_checkout, name="finish-checkout"),
    path("cancel/", views.cancel_plan, name="cancel-plan"),
    path("keep/", views.keep_plan, name="keep-plan"),
    path("pause/", views.pause_plan, name="pause-plan"),
    path("resume/", views.resume_plan, name="resume-plan"),
    path("portal/", views.open_portal, name="open-portal"),
    path("payment-methods/", views.open_payment_methods, name="open-payment-methods"),
    path("auto-top-up/", views.set_auto_top_up, name="set-auto-top-up"),
    path("auto-top-up/stop/", views.stop_auto_top_up, name="stop-auto-top-up"),
    path("invoices/<str:invoice_id>/", views.open_invoice, name="open-invoice"),
    path("webhooks/chargebee/", webhooks.receive_chargebee, name="webhook"),
]
