#!/usr/bin/env python
"""Atlas's commands, run against the servers of ``ATLAS_HOME`` unless the environment names others."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from atlas_site.lib.home import load_environment
from atlas_site.management.development import prepare_environment
from atlas_site.management.processes import ServerError


def main() -> None:
    """Run the command that the arguments name."""
    if sys.argv[1:2] == ["dev"]:
        try:
            prepare_environment()  # the first start finds no addresses and keys yet
        except ServerError as error:
            sys.exit(str(error))
    load_environment()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atlas_site.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Atlas is not configured: {error} Run make run once, or set what docs/deploy.md lists.")


if __name__ == "__main__":
    main()
