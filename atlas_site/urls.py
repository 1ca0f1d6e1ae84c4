"""All addresses of Atlas, flat over the apps."""

from django.contrib import admin
from django.urls import include, path

from atlas_site.staff import views as staff_views

urlpatterns = [
    path("", staff_views.show_home, name="home"),
    path("healthz/", staff_views.show_health, name="health"),
    path("theme/", staff_views.choose_theme, name="choose-theme"),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("billing/", include("billing.urls")),
    path("", include("credits.urls")),
    path("", include("properties.urls")),
    path("leads/", include("leads.urls")),
    path("today/", include("leads.today_urls")),
]
handler400 = "atlas_site.staff.views.show_bad_request"
handler403 = "atlas_site.staff.views.show_forbidden"
handler404 = "atlas_site.staff.views.show_not_found"
handler500 = "atlas_site.staff.views.show_server_error"
