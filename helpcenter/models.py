"""Articles of the help center."""

from django.db import models
from django_mongodb_backend.fields import ArrayField

from atlas_site.mongodb.models import Document


class HelpCenterArticle(Document):
    """A help article in Markdown."""

    class Category(models.TextChoices):
        GETTING_STARTED = "GETTING_STARTED", "Getting started"
        SEARCH_PROPERTIES = "SEARCH_PROPERTIES", "Search and properties"
        CREDITS_BILLING = "CREDITS_BILLING", "Credits and billing"
        LEADS_SKIPTRACE = "LEADS_SKIPTRACE", "Leads and skip trace"
        DIVORCE_LEADS = "DIVORCE_LEADS", "Divorce leads"
        ACCOUNT_SECURITY = "ACCOUNT_SECURITY", "Account and security"

    title = models.CharField(max_length=200)
    content = models.TextField()
    slug = models.SlugField(max_length=120, unique=True)
    category = models.CharField(max_length=30, choices=Category.choices)
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    published = models.BooleanField(default=False)
    views = models.BigIntegerField(default=0, editable=False)
    order = models.IntegerField(default=0)

    class Meta:
        db_table = "HelpCenterArticle"
        verbose_name = "help article"
        indexes = [models.Index(fields=["published", "category", "order"], name="article_by_category")]

    def __str__(self) -> str:
        return self.title
