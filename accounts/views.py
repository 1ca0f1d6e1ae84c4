"""Onboarding, profile, markets and sessions. Signing in and out are the views of allauth with templates of ours."""

from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from bson import ObjectId
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import selectors, services
from accounts.forms import MarketForm, OnboardingForm, ProfileForm
from atlas_site.lib.places import find_places


@login_required
@require_http_methods(["GET", "POST"])
def onboard(request: HttpRequest) -> HttpResponse:
    """Ask for the first market, then show what there is in it; who has been here before finds the profile."""
    if request.method == "GET" and request.user.onboarding_completed:
        return redirect("accounts:show-profile")
    form = OnboardingForm(request.POST or None, user=request.user)
    if not form.is_valid():
        return render(request, "accounts/onboarding.html", {"form": form})
    about = {name: value for name, value in form.cleaned_data.items() if name != "which_market"}
    services.complete_onboarding(user=request.user, **about, now=timezone.now())
    return redirect("properties:show-market")


@login_required
@require_GET
def suggest_places(request: HttpRequest) -> HttpResponse:
    """Answer what is being typed with the options of a datalist."""
    return render(request, "accounts/_place_options.html", {"places": find_places(request.GET.get("market", ""))})


@login_required
@require_http_methods(["GET", "POST"])
def show_profile(request: HttpRequest) -> HttpResponse:
    """Show what the user told about themselves and the markets they follow, and keep changes."""
    form = ProfileForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        services.update_profile(user=request.user, **form.cleaned_data)
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:show-profile")
    return _render_profile(request, form=form, market_form=MarketForm())


@login_required
@require_POST
def follow_market(request: HttpRequest) -> HttpResponse:
    """Follow another market."""
    form = MarketForm(request.POST)
    if not form.is_valid():
        return _render_profile(request, form=ProfileForm(user=request.user), market_form=form)
    market = form.cleaned_data["market"]
    services.follow_market(user=request.user, market=market, now=timezone.now())
    messages.success(request, f"You follow {market.label}.")
    return redirect("accounts:show-profile")


@login_required
@require_POST
def unfollow_market(request: HttpRequest, market_id: ObjectId) -> HttpResponse:
    """Stop following a market."""
    market = get_object_or_404(request.user.followed_markets, pk=market_id)
    try:
        services.unfollow_market(market=market)
    except services.OnlyMarketError:
        messages.error(request, f"{market.place} is your only market. Follow another one first.")
    else:
        messages.success(request, f"You no longer follow {market.place}.")
    return redirect("accounts:show-profile")


@login_required
@require_GET
def list_sessions(request: HttpRequest) -> HttpResponse:
    """Show where the user is signed in."""
    rows = selectors.list_sessions(user=request.user, current_token=request.session.session_key, now=timezone.now())
    return render(request, "accounts/sessions.html", {"sessions": rows})


@login_required
@require_POST
@reauthentication_required
def end_session(request: HttpRequest, session_id: ObjectId) -> HttpResponse:
    """Sign one session out; ending the current one is logging out."""
    session = get_object_or_404(request.user.sessions, pk=session_id)
    if session.token == request.session.session_key:
        logout(request)
        return redirect("home")
    services.end_session(session=session)
    messages.success(request, "That session is signed out.")
    return redirect("accounts:list-sessions")


@login_required
@require_POST
@reauthentication_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere else."""
    services.end_other_sessions(user=request.user, keep_token=request.session.session_key)
    messages.success(request, "All other sessions are signed out.")
    return redirect("accounts:list-sessions")


@login_required
@require_GET
def show_email(request: HttpRequest) -> HttpResponse:
    """Show the address that the user signs in with; it takes the place of allauth's page, which would change it."""
    is_verified = EmailAddress.objects.filter(user=request.user, email=request.user.email, verified=True).exists()
    return render(request, "account/email.html", {"is_verified": is_verified})


def _render_profile(request: HttpRequest, *, form: ProfileForm, market_form: MarketForm) -> HttpResponse:
    markets = selectors.followed_markets(request.user)
    context = {"form": form, "market_form": market_form, "markets": markets}
    return render(request, "accounts/profile.html", context)
