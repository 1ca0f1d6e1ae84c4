"""Skip traces of an earlier Atlas, whose lists may be gone, and what mails say of those of today."""

from bson import ObjectId

from leads.emails import trace_mail
from leads.models import Enrichment, LeadGroup
from leads.selectors.trace_pages import find_trace


def test_a_trace_of_an_earlier_atlas_belongs_to_who_owns_its_list_and_to_nobody_without_it(alice, bob):
    group = LeadGroup.objects.create(user=alice, name="Probate")
    hers = Enrichment.objects.create(lead_group=group, user=None)
    nobodys = Enrichment.objects.create(lead_group_id=ObjectId(), user=None)
    assert find_trace(alice, str(hers.pk)) == hers
    assert find_trace(bob, str(hers.pk)) is None
    assert find_trace(alice, str(nobodys.pk)) is None


def test_a_mail_counts_those_who_were_yours_already_as_the_page_does():
    job = Enrichment(lead_group=LeadGroup(name="Probate"))
    mail = trace_mail(job, counts={"hit": 6, "yours": 3, "late": 1, "miss": 2}, reserved=6, charged=3)
    assert mail.subject == "Skip trace of “Probate”: 10 of 12 have a phone number"
