"""Who gets into which page of the admin: staff, support, investors, visitors, superusers."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.models import User
from atlas_site.staff.groups import READ_ONLY_MODELS
from tests import factories
from tests.factories import UserFactory

FACTORIES = {factory._meta.model: factory for factory in factories.DjangoModelFactory.__subclasses__()}
OURS = {"accounts", "billing", "credits", "properties", "leads", "divorce", "helpcenter", "feedback", "vendors"}
MODELS = {model._meta.label_lower: model for model in admin.site._registry if model._meta.app_label in OURS}

# Nobody changes these by hand: they are records of money, of a vendor, or the state of a worker.
NO_CHANGES = {
    *("credits.credit", "credits.creditlog", "credits.creditusage", "credits.quote", "credits.welcomeclaim"),
    *("billing.paymenttransaction", "billing.offer", "billing.checkout", "billing.webhookevent", "billing.topup"),
    *("billing.autotopup", "billing.billing", "billing.billingdifference", "billing.billingnotice"),
    "billing.reconciliationrun",
    *("leads.donotcall", "leads.identity", "leads.touch", "properties.persontrace", "properties.tracepurchase"),
    *("leads.columnmapping", "leads.importchunk", "leads.leadimport", "leads.leadworkspace"),
    *("leads.listjob", "leads.listpart", "leads.contactaction", "leads.contactactionstep", "leads.removedcontact"),
    *("leads.contactexport", "leads.dialerfile", "leads.dialerchunk", "leads.tracerefund"),
    *("properties.allowance", "properties.digest", "properties.export", "properties.ownedcell"),
    *("properties.savedsearchsnapshot", "properties.vendorbillday", "properties.watch"),
    *("vendors.vendorcall", "accounts.session", "accounts.account"),
    *("accounts.anonymoussession", "properties.propertydatasetpermission", "properties.propertyjob"),
    *("properties.savedsearchrun", "properties.savedsearchproperty", "leads.enrichment", "leads.enrichmentbatch"),
}
NO_ADDING = NO_CHANGES | {"properties.property", "feedback.featurerequest"}
SHOWS_NO_DOCUMENT = {"accounts.anonymoussession"}  # its address would be a token
SUPPORT_SEES = {
    *("accounts.user", "credits.credit", "credits.creditlog", "credits.creditusage", "credits.quote"),
    "feedback.featurerequest",
}
LEDGER = ["credits.creditlog", "credits.quote", "credits.welcomeclaim", "credits.credit", "credits.creditusage"]


def pages_of(label: str) -> tuple[str, str, str, str]:
    """Return the addresses of the list, the add page, and a document's change and delete pages."""
    document = FACTORIES[MODELS[label]].create()
    name = "admin:" + label.replace(".", "_")
    return (
        reverse(f"{name}_changelist"),
        reverse(f"{name}_add"),
        reverse(f"{name}_change", args=[document.pk]),
        reverse(f"{name}_delete", args=[document.pk]),
    )


def statuses(client, label: str) -> list[int]:
    """Return what the list, the add page and the change page answer."""
    return [client.get(page).status_code for page in pages_of(label)[:3]]


def test_every_model_of_ours_is_in_the_admin():
    assert set(MODELS.values()) == set(FACTORIES)


@pytest.mark.parametrize("label", MODELS)
def test_staff_see_every_list_and_document_and_add_what_people_may_add(client, sign_in, sam, label):
    sign_in(client, sam)
    document = 403 if label in SHOWS_NO_DOCUMENT else 200
    assert statuses(client, label) == [200, 403 if label in NO_ADDING else 200, document]


@pytest.mark.parametrize("label", MODELS)
def test_support_sees_people_their_credits_and_requests_and_adds_nothing(client, sign_in, uma, label):
    sign_in(client, uma)
    seen = 200 if label in SUPPORT_SEES else 403
    assert statuses(client, label) == [seen, 403, seen]


@pytest.mark.parametrize("label", MODELS)
def test_investors_and_visitors_get_no_entry(client, sign_in, make_user, label):
    login = reverse("admin:login")
    pages = [*pages_of(label), reverse("admin:index")]
    for page in pages:
        assert client.get(page).headers["Location"].startswith(login)
    assert client.get(login).headers["Location"].startswith(reverse("account_login"))
    sign_in(client, make_user())
    for page in pages:
        assert client.get(page).headers["Location"].startswith(login)
    assert client.get(login).status_code == 403


@pytest.mark.parametrize("label", LEDGER)
def test_not_even_a_superuser_writes_the_ledger(client, sign_in, db, label):
    sign_in(client, UserFactory.create(role=User.Role.ADMIN, is_superuser=True))
    changelist, add, change, delete = pages_of(label)
    model = MODELS[label]
    before = list(model._default_manager.values())
    assert client.get(change).status_code == 200
    assert [client.get(page).status_code for page in (add, delete)] == [403, 403]
    assert [client.post(page, {"post": "yes"}).status_code for page in (add, change, delete)] == [403] * 3
    chosen = {"action": "delete_selected", "_selected_action": [before[0][model._meta.pk.attname]], "post": "yes"}
    client.post(changelist, chosen)
    assert list(model._default_manager.values()) == before


@pytest.mark.parametrize("label", sorted(NO_CHANGES))
def test_staff_cannot_post_a_change_of_what_is_read_only(client, sign_in, sam, label):
    sign_in(client, sam)
    assert client.post(pages_of(label)[2], {}).status_code == 403


def test_a_user_of_role_user_gets_no_entry_even_with_the_group(client, sign_in, make_user):
    user = make_user()
    user.groups.add(Group.objects.get(name="staff"))
    sign_in(client, user)
    assert client.get(reverse("admin:index"), follow=True).status_code == 403


def test_a_banned_colleague_is_out_on_the_next_request(client, sign_in, sam):
    sign_in(client, sam)
    assert client.get(reverse("admin:index")).status_code == 200
    sam.banned = True
    sam.save()
    assert client.get(reverse("admin:index")).status_code == 302


def test_the_admin_has_no_sign_in_form_of_its_own(client, db):
    login = reverse("admin:login")
    assert client.get(login).headers["Location"].startswith(reverse("account_login"))
    posted = client.post(login, {"username": "sam@example.test", "password": factories.PASSWORD})
    assert posted.headers["Location"].startswith(reverse("account_login"))
    assert "_auth_user_id" not in client.session


def test_groups_have_what_the_code_says_after_a_migration(db):
    staff = {f"{label}.{code}" for label, code in permissions_of("staff")}
    writes = {code for code in staff if not code.split(".")[1].startswith("view_")}
    ledger = {model.split(".")[1] for model in READ_ONLY_MODELS}
    # A replay asks Chargebee anew, and edits no event.
    assert [code for code in writes if code.split("_", 1)[1] in ledger] == ["billing.replay_webhookevent"]
    assert {"accounts.change_user", "credits.change_creditweight", "helpcenter.add_helpcenterarticle"} <= staff
    assert {code for _, code in permissions_of("support")} == {
        *("view_user", "view_credit", "view_creditlog", "view_creditusage", "view_quote"),
        *("view_featurerequest", "change_featurerequest"),
    }


def permissions_of(group: str) -> list[tuple[str, str]]:
    """Return app label and code of the permissions of a group."""
    permissions = Group.objects.get(name=group).permissions
    return list(permissions.values_list("content_type__app_label", "codename"))
