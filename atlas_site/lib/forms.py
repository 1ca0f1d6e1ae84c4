"""Forms rendered with the site's own templates (templates/django/forms/)."""

from django.forms.renderers import TemplatesSetting


class AtlasFormRenderer(TemplatesSetting):
    """Renders every field as label, control, help and error in one group."""

    form_template_name = "forms/_form.html"
    field_template_name = "forms/_field.html"
