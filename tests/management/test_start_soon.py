"""What every command and every worker of Atlas imports is kept small, since each of them waits for it."""

import subprocess
import sys

from atlas_site.lib.home import PROJECT_ROOT

START = """
import sys
sys.addaudithook(lambda event, arguments: sys.exit(f"starts {arguments[0]}") if event == "subprocess.Popen" else None)
import django
django.setup()
print("chargebee" in sys.modules)
import ctypes.util
print(ctypes.util.find_library.__module__)
"""


def test_a_start_asks_no_other_program_for_libraries_and_leaves_the_package_of_payments_to_who_calls_it():
    done = subprocess.run([sys.executable, "-c", START], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout) == ("", "False\nctypes.util\n")
