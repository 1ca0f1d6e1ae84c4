"""The WSGI entry point that gunicorn loads."""

import importlib
import os

from django.core.wsgi import get_wsgi_application

from atlas_site.lib.places import load_index
from atlas_site.mongodb.connection import refuse_lone_server

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atlas_site.settings")
application = get_wsgi_application()
refuse_lone_server()
load_index()  # half a second and 90 MB, once before the workers fork, which then share it
importlib.import_module("chargebee")  # as long, and 40 MB
