"""What staff and support do in the admin: add, change, find, filter, look back, delete, ban."""

from datetime import UTC, datetime

import pytest
from bson import ObjectId
from django.contrib import admin
from django.db import connection
from django.urls import reverse

from accounts.models import Session, User
from atlas_site.mongodb.explain import assert_index_scan_of, recorded_reads
from credits import services as credit_services
from credits.models import CreditWeight
from feedback.models import FeatureRequest
from helpcenter.models import HelpCenterArticle
from leads.models import ImportChunk
from properties.models import Property
from tests import factories
from tests.factories import UserFactory

ARTICLE = {
    "title": "Skip tracing",
    "slug": "skip-tracing",
    "content": "**Half a credit** a person.",
    "category": "LEADS_SKIPTRACE",
    "tags": "trace,phones",
    "published": "on",
    "order": "2",
}


@pytest.fixture
def staff(client, sign_in, sam):
    """A browser in which sam is signed in."""
    return sign_in(client, sam)


@pytest.fixture
def chief(db) -> User:
    return UserFactory.create(role=User.Role.ADMIN, is_superuser=True, name="Chief")


def list_of(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_of(document, page: str = "change") -> str:
    return reverse(f"admin:{document._meta.app_label}_{document._meta.model_name}_{page}", args=[document.pk])


def found(response) -> list:
    """Return the documents of a list page."""
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def form_of(response) -> dict:
    """Return what a change page would send back unchanged."""
    form = response.context["adminform"].form
    return {name: "" if value is None else value for name in form.fields if (value := form[name].value()) is not False}


def test_an_article_is_written_changed_and_deleted_and_its_history_kept(staff):
    assert staff.post(reverse("admin:helpcenter_helpcenterarticle_add"), ARTICLE).status_code == 302
    article = HelpCenterArticle.objects.get(slug="skip-tracing")
    assert (article.tags, article.published, article.views) == (["trace", "phones"], True, 0)

    assert staff.post(page_of(article), ARTICLE | {"title": "Skip tracing, step by step"}).status_code == 302
    article.refresh_from_db()
    assert article.title == "Skip tracing, step by step"

    history = staff.get(page_of(article, "history")).context["action_list"]
    added, changed = (str(entry) for entry in history)
    assert added == "Added “Skip tracing”."
    assert changed.startswith("Changed “Skip tracing, step by step” — Changed Title")

    assert "Are you sure" in staff.get(page_of(article, "delete")).content.decode()
    assert staff.post(page_of(article, "delete"), {"post": "yes"}).status_code == 302
    assert not HelpCenterArticle.objects.filter(pk=article.pk).exists()


def test_several_articles_are_deleted_at_once(staff):
    keys = [factories.HelpCenterArticleFactory.create().pk for _ in range(3)]
    chosen = {"action": "delete_selected", "_selected_action": [str(key) for key in keys[:2]], "post": "yes"}
    assert staff.post(list_of(HelpCenterArticle), chosen).status_code == 302
    assert list(HelpCenterArticle.objects.values_list("pk", flat=True)) == keys[2:]


def test_articles_are_found_by_words_and_filtered(staff):
    tracing = factories.HelpCenterArticleFactory.create(title="Skip tracing", category="LEADS_SKIPTRACE")
    credit = factories.HelpCenterArticleFactory.create(title="Credits", published=False)
    page = list_of(HelpCenterArticle)
    assert found(staff.get(page, {"q": "TRACING"})) == [tracing]
    assert found(staff.get(page, {"published__exact": "0"})) == [credit]
    assert found(staff.get(page, {"category__exact": "LEADS_SKIPTRACE"})) == [tracing]
    assert found(staff.get(page)) == [credit, tracing]


def test_a_slug_that_is_taken_is_an_error_of_the_form(staff):
    factories.HelpCenterArticleFactory.create(slug="skip-tracing")
    response = staff.post(reverse("admin:helpcenter_helpcenterarticle_add"), ARTICLE)
    assert response.context["adminform"].form.errors == {"slug": ["Help article with this Slug already exists."]}


def test_people_are_found_by_address_or_id(staff, alice, bob):
    page = list_of(User)
    assert found(staff.get(page, {"q": " ALICE@example.test "})) == [alice]
    assert found(staff.get(page, {"q": str(bob.pk)})) == [bob]
    assert found(staff.get(page, {"q": "alice"})) == []
    assert found(staff.get(page, {"q": "{'$ne': ''}"})) == []
    assert found(staff.get(page, {"role__exact": "USER"})) == [bob, alice]


def test_documents_of_a_user_are_found_by_address_or_id(staff, alice, bob):
    owned = factories.PropertyDatasetPermissionFactory.create(user=alice)
    factories.PropertyDatasetPermissionFactory.create(user=bob)
    page = list_of(type(owned))
    assert found(staff.get(page, {"q": "alice@example.test"})) == [owned]
    assert found(staff.get(page, {"q": str(alice.pk)})) == [owned]
    assert found(staff.get(page, {"q": owned.property_id})) == [owned]
    assert found(staff.get(page, {"q": "nobody@example.test"})) == []
    assert "alice@example.test" in staff.get(page).content.decode()


def test_a_list_does_not_read_the_rows_of_plans_that_it_does_not_show(staff):
    factories.ImportChunkFactory.create()
    (chunk,) = found(staff.get(list_of(ImportChunk)))
    assert chunk.get_deferred_fields() == {"rows"}


def test_staff_make_a_colleague(staff):
    form = {
        "email": "New.Colleague@example.test",
        "name": "New Colleague",
        "role": "ADMIN",
        "usable_password": "true",
        "password1": factories.PASSWORD,
        "password2": factories.PASSWORD,
    }
    response = staff.post(reverse("admin:accounts_user_add"), form)
    assert response.status_code == 302, response.context["errors"]
    user = User.objects.get(email="new.colleague@example.test")
    assert user.check_password(factories.PASSWORD)
    assert user.is_staff


def test_staff_change_a_person_but_make_no_superuser(staff, alice):
    form = form_of(staff.get(page_of(alice))) | {"name": "Alice B.", "is_superuser": "on", "user_permissions": []}
    form.pop("password", None)
    assert staff.post(page_of(alice), form).status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.is_superuser) == ("Alice B.", False)


def test_staff_do_not_change_a_superuser_nor_take_their_password(staff, chief):
    new = {"usable_password": "true", "password1": "taken over it is", "password2": "taken over it is"}
    assert staff.post(page_of(chief), {"name": "x"}).status_code == 403
    assert staff.post(reverse("admin:auth_user_password_change", args=[chief.pk]), new).status_code == 403
    staff.post(list_of(User), {"action": "ban", "_selected_action": [str(chief.pk)]})
    chief.refresh_from_db()
    assert chief.check_password(factories.PASSWORD)
    assert not chief.banned


def test_a_ban_ends_sessions_and_stops_spending_until_it_is_lifted(staff, sam, alice):
    factories.SessionFactory.create(user=alice)
    chosen = {"_selected_action": [str(alice.pk), str(sam.pk)]}
    assert staff.post(list_of(User), {"action": "ban", **chosen}).status_code == 302
    alice.refresh_from_db()
    sam.refresh_from_db()
    assert (alice.banned, bool(sam.banned)) == (True, False)
    assert not Session.objects.filter(user=alice).exists()
    assert alice.wallet.banned
    assert "Banned." in staff.get(page_of(alice, "history")).content.decode()

    staff.post(list_of(User), {"action": "unban", **chosen})
    alice.refresh_from_db()
    alice.wallet.refresh_from_db()
    assert (alice.banned, alice.wallet.banned) == (False, False)


def test_only_what_was_changed_in_the_form_is_written(staff):
    """A vendor record of another program holds dates and ids that JSON does not have."""
    told = {"listing": {"seenAt": datetime(2025, 3, 9, tzinfo=UTC)}, "source": ObjectId()}
    collection = connection.database["Properties"]
    key = collection.insert_one({"propertyId": "p1", "data": told, "hasImageSearched": False}).inserted_id
    before = collection.find_one({"_id": key})

    answer = staff.post(page_of(Property(pk=key)), {"google_images": "", "has_image_searched": "on"})

    assert answer.status_code == 302
    assert collection.find_one({"_id": key}) == before | {"hasImageSearched": True}


def test_people_are_not_deleted_in_the_admin(client, sign_in, chief, alice):
    sign_in(client, chief)
    assert client.post(page_of(alice, "delete"), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=alice.pk).exists()


def test_deleting_a_session_signs_out(staff, client, alice):
    session = factories.SessionFactory.create(user=alice)
    assert staff.post(page_of(session, "delete"), {"post": "yes"}).status_code == 302
    assert not Session.objects.filter(pk=session.pk).exists()


def test_tokens_are_not_shown(staff, alice):
    session = factories.SessionFactory.create(user=alice, data="what-the-session-holds")
    visitor = factories.AnonymousSessionFactory.create()
    account = factories.AccountFactory.create(user=alice, access_token="google-access", refresh_token="google-refresh")
    pages = [page_of(session), list_of(Session), list_of(type(visitor)), page_of(account), list_of(type(account))]
    text = "".join(staff.get(page).content.decode() for page in pages)
    assert alice.email in text
    for secret in (session.token, visitor.token, "what-the-session-holds", "google-access", "google-refresh"):
        assert secret not in text.replace(f'value="{visitor.token}"', "")
    assert visitor.token not in staff.get(list_of(type(visitor))).content.decode()


@pytest.mark.parametrize("weight", ["0", "-1", "0.00001", "1.00005", "nan", "inf", "1e9", "", "one"])
def test_a_weight_that_is_no_price_is_refused(staff, weight):
    stored = factories.CreditWeightFactory.create(credit_type="SKIPTRACE", weight=0.5)
    response = staff.post(page_of(stored), {"weight": weight})
    assert "weight" in response.context["adminform"].form.errors
    stored.refresh_from_db()
    assert stored.weight == 0.5


def test_a_weight_is_changed_for_its_operation_alone(staff):
    stored = factories.CreditWeightFactory.create(credit_type="SKIPTRACE", weight=0.5)
    assert (
        staff.post(page_of(stored), {"weight": "0.3333", "credit_type": "SEARCH", "_confirmed": "1"}).status_code == 302
    )
    document = connection.database["CreditWeight"].find_one({"_id": stored.pk})
    assert (document["creditType"], document["weight"]) == ("SKIPTRACE", 0.3333)
    assert staff.post(page_of(stored, "delete"), {"post": "yes"}).status_code == 403
    assert CreditWeight.objects.count() == 1


def test_support_answers_a_request_and_leaves_its_words(client, sign_in, uma, alice):
    wish = factories.FeatureRequestFactory.create(user=alice, quick_signals=["map"])
    sign_in(client, uma)
    assert found(client.get(list_of(FeatureRequest), {"status__exact": "PENDING"})) == [wish]
    form = {"status": "IN_PROGRESS", "priority": "HIGH", "admin_notes": "In spring.", "description": "changed"}
    assert client.post(page_of(wish), form).status_code == 302
    wish.refresh_from_db()
    assert (wish.status, wish.priority, wish.admin_notes) == ("IN_PROGRESS", "HIGH", "In spring.")
    assert (wish.description, wish.quick_signals) == ("Please show the flood zone.", ["map"])
    assert client.post(page_of(wish, "delete"), {"post": "yes"}).status_code == 403


def test_password_hashes_are_not_shown(client, sign_in, sam, uma, alice):
    digest = alice.password.split("$")[-1]
    for colleague in (sam, uma):
        page = sign_in(client, colleague).get(page_of(alice)).content.decode()
        assert alice.email in page
        assert digest not in page


def test_support_reads_a_wallet_and_its_ledger_without_a_form(client, sign_in, uma, alice):
    sign_in(client, uma)
    entry = alice.wallet.entries.get()
    for document in (alice, alice.wallet, entry):
        page = client.get(page_of(document)).content.decode()
        assert str(document.pk) in page
        assert 'name="_save"' not in page
    assert client.post(page_of(alice), {"name": "x"}).status_code == 403
    client.post(list_of(User), {"action": "ban", "_selected_action": [str(alice.pk)]})
    alice.refresh_from_db()
    assert not alice.banned


def test_the_books_are_whole_after_everything_the_admin_can_do(staff, alice):
    for page in (page_of(alice.wallet), page_of(alice.wallet.entries.get())):
        staff.post(page, {"subscription_credits": "5", "credit_available": "5000"})
    assert credit_services.verify_books().breaches == []


BIG = [
    *("accounts.user", "accounts.session", "properties.property", "properties.propertydatasetpermission"),
    *("properties.propertyjob", "credits.credit", "credits.creditlog", "credits.quote", "leads.contact"),
    *("leads.leadgroup", "divorce.divorcelead", "billing.paymenttransaction", "vendors.vendorcall"),
]


@pytest.mark.parametrize("label", BIG)
def test_big_lists_are_read_by_an_index_and_never_counted_whole(staff, label):
    model = next(model for model in admin.site._registry if model._meta.label_lower == label)
    factory = next(each for each in factories.DjangoModelFactory.__subclasses__() if each._meta.model is model)
    factory.create()
    with recorded_reads() as reads:
        assert found(staff.get(list_of(model)))
    own = [pipeline for collection, pipeline in reads if collection.name == model._meta.db_table]
    lists = [pipeline for pipeline in own if any("$sort" in stage for stage in pipeline)]
    counts = [pipeline for pipeline in own if any("$group" in stage for stage in pipeline)]
    assert lists
    for pipeline in lists:
        assert_index_scan_of(connection.database[model._meta.db_table], pipeline)
    assert counts
    assert all({"$limit": 10_000} in pipeline for pipeline in counts)


@pytest.mark.parametrize("label", BIG)
def test_searches_of_big_collections_use_an_index(staff, label):
    model = next(model for model in admin.site._registry if model._meta.label_lower == label)
    for term in (str(ObjectId()), "nobody-has-this", "nobody@example.test"):
        with recorded_reads() as reads:
            assert found(staff.get(list_of(model), {"q": term})) == []
        for collection, pipeline in reads:
            if collection.name == model._meta.db_table and "$match" in pipeline[0]:
                matching = [stage for stage in pipeline if "$sort" not in stage]
                assert_index_scan_of(connection.database[collection.name], matching)


def test_a_list_reads_the_users_of_a_page_at_once(staff):
    factories.LeadGroupFactory.create_batch(5)
    with recorded_reads() as reads:
        found(staff.get(list_of(factories.LeadGroupFactory._meta.model)))
    users = [pipeline for collection, pipeline in reads if collection.name == "User"]
    assert len(users) <= 2  # who is signed in, and the owners of the five lists
