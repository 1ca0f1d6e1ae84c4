"""The pages of skip traces without JavaScript: whom to trace, quote, progress, result, files, and whose they are."""

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from atlas_site.mongodb.explain import assert_index_scan
from credits.models import Credit, Quote
from leads.emails import trace_mail
from leads.imports.columns import guess_columns
from leads.models import Contact, Enrichment, EnrichmentBatch, LeadGroup
from leads.models.traces import RowState
from leads.selectors.import_pages import TEMPLATE_FIELDS, TEMPLATE_HEADERS
from leads.selectors.trace_pages import DOWNLOADS, TEMPLATE_ATTRIBUTES, list_traces, time_left
from leads.selectors.trace_words import WORDS
from leads.services import trace_choices, traces
from tests.factories import EnrichmentFactory, LeadGroupFactory
from tests.leads.traces.conftest import finish, make_list, start_trace, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_lane")]
State = Enrichment.Phase


@pytest.fixture
def hers(client, alice, sign_in) -> Client:
    """A browser in which alice is signed in."""
    return sign_in(client, alice)


def read(answer) -> str:
    assert answer.status_code == 200
    return unescape(" ".join(answer.content.decode().split()))


def url(name: str, thing, *rest: str) -> str:
    return reverse(f"leads:{name}", args=[getattr(thing, "pk", thing), *rest])


def rows_of(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def give_phones(group: LeadGroup, count: int) -> None:
    ids = list(Contact.objects.filter(lead_group=group).order_by("pk").values_list("pk", flat=True)[:count])
    Contact.objects.filter(pk__in=ids).update(phone="6145550101", phones=[{"number": "6145550101"}])


# ---------------------------------------------------------------- whom to trace


def test_each_choice_says_what_it_costs_at_most_and_who_is_left_out(hers, alice):
    group = make_list(alice, 60)
    give_phones(group, 7)
    page = read(hers.get(url("choose-trace", group)))
    for title, cost in (
        ("The first 10", "5 credits"),
        ("All 53 without a number", "27 credits"),
        ("All 60, also with a number", "30 credits"),
    ):
        assert f"<strong>{title}</strong> <span>at most {cost}</span>" in page
    assert re.search(r"Have a phone number already .*?<dd>7</dd>", page)
    assert "You have 1,000 credits." in page
    assert not Quote.objects.exists()


def test_selected_contacts_are_handed_over_and_quoted(hers, alice, bob):
    group = make_list(alice, 20)
    theirs = make_list(bob, 3, start=40)
    ids = [str(each) for each in Contact.objects.filter(lead_group=group).values_list("pk", flat=True)[:4]]
    foreign = [str(each) for each in Contact.objects.filter(lead_group=theirs).values_list("pk", flat=True)]
    handed = {"ids": [ids[0], ",".join([*ids[1:], *foreign, "nonsense"])]}
    page = read(hers.post(url("choose-trace", group), handed))
    assert "<strong>The 4 selected</strong> <span>at most 2 credits</span>" in page
    assert "Of the 4 selected" in page
    (kept,) = re.findall(r'name="ids" value="([\w,]+)"', page)
    hers.post(url("quote-trace", group), {"scope": "chosen", "ids": kept})
    quote = Quote.objects.get()
    (batch,) = EnrichmentBatch.objects.filter(quote_id=quote.pk)
    assert sorted(row["contactId"] for row in batch.rows) == sorted(ids)


def test_all_that_match_are_handed_over_by_their_conditions(hers, alice):
    group = make_list(alice, 30)
    Contact.objects.filter(lead_group=group).update(stage="new")
    ids = list(Contact.objects.filter(lead_group=group).values_list("pk", flat=True)[:6])
    Contact.objects.filter(pk__in=ids).update(stage="talking")
    page = read(hers.post(url("choose-trace", group), {"scope": "matching", "query": "stage=talking"}))
    assert "<strong>The 6 selected</strong>" in page
    assert 'name="query" value="stage=talking"' in page
    hers.post(url("quote-trace", group), {"scope": "matching", "query": "stage=talking"})
    assert Quote.objects.get().lines[0]["units"] == 6
    whole = read(hers.post(url("choose-trace", group), {"scope": "matching", "query": ""}))
    assert "<strong>All 30</strong>" in whole


def test_nothing_selected_leads_back_with_a_sentence(hers, alice):
    group = make_list(alice, 2)
    page = read(hers.post(url("quote-trace", group), {"scope": "chosen"}, follow=True))
    assert "Choose contacts first" in page
    assert not Quote.objects.exists()


@pytest.mark.parametrize(("scope", "units"), [("first", 10), ("rest", 25), ("all", 30)])
def test_each_choice_is_quoted_as_it_was_shown(hers, alice, scope, units):
    group = make_list(alice, 30)
    give_phones(group, 5)
    answer = hers.post(url("quote-trace", group), {"scope": scope})
    quote = Quote.objects.get()
    assert answer.headers["Location"] == reverse("credits:show-quote", args=[quote.pk])
    assert quote.lines[0]["units"] == units


def test_where_nobody_is_left_the_page_says_why(hers, alice, now, sandbox):
    group = make_list(alice, 12)
    work(start_trace(alice, group, now), now)
    hits = Contact.objects.filter(lead_group=group, trace_outcome="hit").count()
    page = read(hers.get(url("choose-trace", group)))
    assert "There is nobody to trace now" in page
    assert re.search(rf"Yours already .*?<dd>{hits}</dd>", page)
    assert re.search(rf"Nothing on file lately .*?<dd>{12 - hits}</dd>", page)
    page = read(hers.post(url("quote-trace", group), {"scope": "rest"}, follow=True))
    assert f"There is nobody to trace (yours already: {hits};" in page
    assert Quote.objects.count() == 1


def test_beyond_what_one_quote_takes_a_list_is_not_counted(hers, alice, monkeypatch):
    group = make_list(alice, 30)
    monkeypatch.setattr(trace_choices, "MOST_TRACED", 20)
    page = read(hers.get(url("choose-trace", group)))
    assert "<strong>Up to 20</strong> <span>at most 10 credits</span>" in page
    assert "Of the first 20 on this list" in page


# ---------------------------------------------------------------- quote and acceptance


def test_a_quote_is_accepted_once_however_often_it_is_posted(hers, alice):
    group = make_list(alice, 30)
    hers.post(url("quote-trace", group), {"scope": "rest"})
    quote = Quote.objects.get()
    page = read(hers.get(reverse("credits:show-quote", args=[quote.pk])))
    assert url("accept-trace", quote) in page
    assert "Accept: at most 15 credits" in page
    answers = [hers.post(url("accept-trace", quote)) for _ in range(2)]
    job = Enrichment.objects.get()
    assert {answer.headers["Location"] for answer in answers} == {job.get_absolute_url()}
    assert Credit.objects.get(user=alice).reserved == 15
    running = read(hers.get(reverse("credits:show-quote", args=[quote.pk])))
    assert f'href="{job.get_absolute_url()}"' in running


def test_with_too_few_credits_the_part_that_fits_is_offered_and_the_rest_joins_it(client, bob, fund, now, sign_in):
    hers, group = sign_in(client, fund(bob, 3)), make_list(bob, 20)
    page = read(hers.get(url("choose-trace", group)))
    assert "That is too few for all of it" in page
    assert "Get more credits" in page
    hers.post(url("quote-trace", group), {"scope": "rest"})
    whole = Quote.objects.get()
    page = read(hers.get(reverse("credits:show-quote", args=[whole.pk])))
    assert "7 credits too few" in page
    assert f'action="{url("quote-trace-part", whole)}"' in page
    hers.post(url("accept-trace", whole))
    assert not Enrichment.objects.exists()

    part = Quote.objects.get(pk=hers.post(url("quote-trace-part", whole)).headers["Location"].split("/")[-2])
    assert part.lines[0]["units"] == 6
    hers.post(url("accept-trace", part))
    job = Enrichment.objects.get()
    rest = Quote.objects.get(pk=hers.post(url("quote-trace-rest", job)).headers["Location"].split("/")[-2])
    assert rest.lines[0]["units"] == 14
    assert "It joins the skip trace" in read(hers.get(reverse("credits:show-quote", args=[rest.pk])))


def test_an_offer_that_is_over_is_quoted_again(hers, alice, now):
    group = make_list(alice, 20)
    hers.post(url("quote-trace", group), {"scope": "first"})
    quote = Quote.objects.get()
    Quote.objects.filter(pk=quote.pk).update(expires_at=now - timedelta(minutes=1))
    assert url("quote-trace-again", quote) in read(hers.get(reverse("credits:show-quote", args=[quote.pk])))
    hers.post(url("quote-trace-again", quote))
    assert [each.lines[0]["units"] for each in Quote.objects.all()] == [10, 10]


# ---------------------------------------------------------------- progress


def test_a_running_trace_refreshes_itself_with_and_without_scripts(hers, alice, now):
    job = start_trace(alice, make_list(alice, 150), now)
    for address in ("/leads/", f"/leads/{job.lead_group_id}/"):
        assert f'href="{job.get_absolute_url()}">Skip trace of Probate list: running' in read(hers.get(address))
    page = read(hers.get(job.get_absolute_url()))
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'hx-trigger="load delay:1s, every 15s"' in page
    assert "0 of 150 done" in page
    fragment = read(hers.get(job.get_absolute_url(), headers={"HX-Request": "true"}))
    assert "<html" not in fragment
    assert 'id="credit-balance"' in fragment


def test_a_trace_is_paused_resumed_and_stopped(hers, alice, now):
    job = start_trace(alice, make_list(alice, 150), now)
    page = read(hers.post(url("pause-trace", job), follow=True))
    assert "Paused" in page
    assert "hx-trigger" not in page
    assert url("resume-trace", job) in page
    page = read(hers.post(url("resume-trace", job), follow=True))
    assert url("pause-trace", job) in page
    read(hers.post(url("cancel-trace", job), follow=True))
    job = finish(Enrichment.objects.get(pk=job.pk), now)
    page = read(hers.get(job.get_absolute_url()))
    assert "Stopped by you" in page
    assert "0 of 150 contacts have a phone number" in page
    assert Credit.objects.get(user=alice).reserved == 0


def test_a_vendor_that_does_not_answer_delays_and_charges_nothing(hers, alice, now, sandbox):
    job = start_trace(alice, make_list(alice, 20), now)
    sandbox.fail("503-retry-after", times=20)
    for minutes in range(3):
        work(job, now + timedelta(minutes=minutes))
    page = read(hers.get(job.get_absolute_url()))
    assert "Delayed, nothing charged" in page
    assert "<dt>Charged so far</dt><dd>0 credits</dd>" in page


def test_those_whose_answer_is_lost_are_waited_for_and_not_sent_again(hers, alice, now, sandbox):
    job = start_trace(alice, make_list(alice, 20), now)
    sandbox.fail("cut-body", times=5)
    work(job, now)
    page = read(hers.get(job.get_absolute_url()))
    assert "Waiting for answers" in page
    assert "20 contacts were sent, and no answer came" in page
    finish(Enrichment.objects.get(pk=job.pk), now)
    page = read(hers.get(job.get_absolute_url()))
    assert "Sent, and no answer came" in page
    assert len(rows_of(hers.get(url("download-trace-rows", job, "unknown")))) == 21


def test_what_the_vendor_could_not_answer_is_asked_again(hers, alice, now, sandbox):
    job = start_trace(alice, make_list(alice, 20), now)
    sandbox.fail("wrong-schema", times=20)
    job = finish(job, now)
    page = read(hers.get(job.get_absolute_url()))
    assert "0 of 20 contacts have a phone number" in page
    assert url("retry-trace", job) in page
    # Their credits are back, so asking again begins with a quote, which joins the job.
    page = read(hers.post(url("retry-trace", job), follow=True))
    assert "Accept: at most 10 credits" in page
    assert "It joins the skip trace that you have begun" in page


# ---------------------------------------------------------------- result


@pytest.fixture
def done(alice, now, sandbox) -> Enrichment:
    """A job of 130 that is over."""
    return work(start_trace(alice, make_list(alice, 130), now), now)


def test_the_result_tells_what_became_of_everybody_and_what_was_not_charged(hers, done):
    page = read(hers.get(done.get_absolute_url()))
    hits = Contact.objects.filter(trace_outcome="hit").count()
    misses = Contact.objects.filter(trace_outcome="miss").count()
    quote = Quote.objects.get()
    assert f"{hits} of 130 contacts have a phone number" in page
    assert "hx-trigger" not in page
    assert reverse("credits:show-quote", args=[quote.pk]) in page
    assert re.search(rf"<dt>nothing on file</dt><dd>{misses}</dd>", page)
    assert f"{url('show-group', done.lead_group_id)}?traced=hit" in page
    assert "A traced number is not permission." in page
    assert "Numbers withheld, nothing charged." in page
    finished = read(hers.get(done.get_absolute_url(), headers={"HX-Request": "true"}))
    assert f"Done: {hits} of 130 contacts have a phone number, {quote.captured} credits charged." in finished
    receipt = read(hers.get(reverse("credits:show-quote", args=[quote.pk])))
    assert f'href="{done.get_absolute_url()}"' in receipt


def test_misses_are_downloaded_as_a_file_that_can_be_imported(hers, done):
    missed = Contact.objects.filter(trace_outcome="miss").order_by("pk")
    Contact.objects.filter(pk=missed[0].pk).update(company="=1+1")
    answer = hers.get(url("download-trace-rows", done, "miss"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="skip-trace-miss.csv"'
    header, *rows = rows_of(answer)
    assert header == [*TEMPLATE_HEADERS, "Skip trace"]
    assert [row[1] for row in rows] == [contact.last_name for contact in missed]
    assert rows[0][2] == "'=1+1"
    assert rows[0][-1] == "Nothing on file. They are neither asked nor charged again for 30 days."
    assert [guess.field for guess in guess_columns(header[:-1], [])] == list(TEMPLATE_FIELDS)
    assert hers.get(url("download-trace-rows", done, "hit")).status_code == 404


def test_the_file_has_each_field_in_its_column():
    columns = [field.value for field in TEMPLATE_FIELDS]
    written = [re.sub(r"(?<!mailing)_(\w)", lambda found: found[1].upper(), name) for name in TEMPLATE_ATTRIBUTES]
    assert written == columns


def test_a_trace_of_a_deleted_list_still_shows_its_receipt(hers, done):
    LeadGroup.objects.filter(pk=done.lead_group_id).update(is_deleted=True)
    page = read(hers.get(done.get_absolute_url()))
    assert "A list that was deleted" in page
    assert "Receipt" in page
    assert "A list that was deleted" in read(hers.get("/leads/traces/"))


def test_a_job_of_an_earlier_atlas_is_shown_for_what_it_is(hers, alice):
    group = LeadGroupFactory.create(user=alice)
    job = EnrichmentFactory.create(lead_group=group, total_leads=40, status="processing")
    page = read(hers.get(job.get_absolute_url()))
    assert "Made by an earlier Atlas" in page
    assert "40 contacts" in page
    assert "hx-trigger" not in page


# ---------------------------------------------------------------- all of them, and whose they are


def test_all_traces_are_listed_with_what_they_cost(hers, alice, bob, done):
    page = read(hers.get("/leads/traces/"))
    charged = Quote.objects.get().captured
    assert f"{charged} credits" in page
    assert "Done" in page
    group = LeadGroupFactory.create(user=alice, name="Other list")
    only = read(hers.get(f"/leads/traces/?list={group.pk}"))
    assert done.get_absolute_url() not in only
    assert "No skip trace yet" in only


def test_traces_are_paged_each_of_them_once(hers, alice, now):
    group = LeadGroupFactory.create(user=alice)
    for number in range(30):
        EnrichmentFactory.create(
            lead_group=group,
            user=alice,
            created_at=now - timedelta(minutes=number // 7),
            phase="done",
            status="completed",
        )
    seen, path = [], "/leads/traces/"
    while path:
        page = read(hers.get(path))
        seen += re.findall(r'<th scope="row"><a href="(/leads/traces/\w+/)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = f"/leads/traces/{following[1]}" if following else ""
    assert len(seen) == len(set(seen)) == 30


def test_traces_of_others_are_not_there(hers, bob, fund, now):
    group = make_list(fund(bob), 5)
    job = start_trace(bob, group, now)
    quote = Quote.objects.get()
    for path in [
        url("show-trace", job),
        url("download-trace-rows", job, "miss"),
        url("choose-trace", group),
        url("show-trace", "nonsense"),
    ]:
        assert hers.get(path).status_code == 404, path
    for name in ("pause-trace", "resume-trace", "cancel-trace", "retry-trace", "quote-trace-rest"):
        assert hers.post(url(name, job)).status_code == 404, name
    for name in ("accept-trace", "quote-trace-part", "quote-trace-again"):
        assert hers.post(url(name, quote)).status_code == 404, name
    assert hers.post(url("quote-trace", group), {"scope": "all"}).status_code == 404
    assert Enrichment.objects.get().phase == State.RUNNING
    assert job.get_absolute_url() not in read(hers.get("/leads/traces/"))


def test_what_changes_something_is_only_done_by_post(hers, alice, now):
    job = start_trace(alice, make_list(alice, 5), now)
    quote = Quote.objects.get()
    for name in ("pause-trace", "resume-trace", "cancel-trace", "retry-trace", "quote-trace-rest"):
        assert hers.get(url(name, job)).status_code == 405, name
    for name in ("accept-trace", "quote-trace-part", "quote-trace-again"):
        assert hers.get(url(name, quote)).status_code == 405, name
    assert hers.get(url("quote-trace", job.lead_group_id)).status_code == 405


def test_a_visitor_signs_in_first(client, alice, now):
    job = start_trace(alice, make_list(alice, 5), now)
    for path in ("/leads/traces/", url("show-trace", job), url("choose-trace", job.lead_group_id)):
        assert client.get(path).headers["Location"].startswith("/accounts/login/"), path


# ---------------------------------------------------------------- words


def test_every_state_in_which_a_contact_ends_has_its_words():
    assert {words.state for words in WORDS} == set(RowState) - {RowState.QUEUED, RowState.SENT}
    assert [words.state for words in WORDS if words.is_charged] == [RowState.HIT]
    assert not set(DOWNLOADS) & {RowState.HIT, RowState.LATE, RowState.YOURS, RowState.LITIGATOR}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(3, "less than a minute left"), (61, "about 2 minutes left"), (7_300, "about 2 hours left")],
)
def test_the_time_left_is_rounded(seconds, said):
    assert time_left(seconds) == said


def test_the_mail_says_what_was_found_and_what_was_not_charged(done):
    counts = {"hit": 61, "miss": 30, "litigator": 2, "error": 7}
    mail = trace_mail(done, counts=counts, reserved=50, charged=31)
    text = " ".join(mail.paragraphs)
    assert mail.subject == "Skip trace of “Probate list”: 61 of 100 have a phone number"
    assert "It was quoted at most 50 credits and charged 31 credits; 19 credits came back." in text
    assert "The data vendor could not answer for 7." in text
    assert "A traced number is not permission." in text
    (free,) = mail.sections
    assert [line.text for line in free.lines] == [
        "Known litigator: 2",
        "Nothing on file: 30",
        "The data vendor could not answer: 7",
    ]
    assert mail.link_path == done.get_absolute_url()


def test_the_mail_of_a_stopped_trace_says_so(done):
    done.cancelled_at = timezone.now()
    mail = trace_mail(done, counts={"cancelled": 10}, reserved=5, charged=0)
    assert "was stopped by you" in mail.paragraphs[0]
    assert "not permission" not in " ".join(mail.paragraphs)
    assert traces.MOST_TRACED == 50_000


def test_jobs_are_listed_by_an_index_also_those_of_one_moment_and_of_one_list(alice, now):
    groups = LeadGroupFactory.create_batch(2, user=alice)
    made = [EnrichmentFactory(user=alice, lead_group=groups[number % 2], created_at=now) for number in range(5)]
    for group, wanted in ((None, made), (groups[0], made[::2])):
        seen, after = [], None
        while after != "":
            page = list_traces(alice, group=group, after=after or "", most=2)
            assert_index_scan(lambda group=group, after=after: list_traces(alice, group=group, after=after or ""))
            seen, after = [*seen, *(row.enrichment for row in page.rows)], page.older
        assert seen == sorted(wanted, key=lambda job: job.pk, reverse=True)
