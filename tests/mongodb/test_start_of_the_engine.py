"""The engine is imported by every process of Atlas, so it has to be there soon."""

import subprocess
import sys

from atlas_site.lib.home import PROJECT_ROOT

IMPORT = """
import sys
sys.addaudithook(lambda event, arguments: sys.exit(f"starts {arguments[0]}") if event == "subprocess.Popen" else None)
from django.conf import settings
settings.configure()
import atlas_site.mongodb.base
import ctypes.util
print(ctypes.util.find_library.__module__)
"""


def test_it_asks_no_other_program_for_libraries_and_leaves_the_search_to_who_wants_it():
    done = subprocess.run([sys.executable, "-c", IMPORT], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout) == ("", "ctypes.util\n")
