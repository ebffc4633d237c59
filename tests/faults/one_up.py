"""Run as `python -m faults.one_up FOLDER STACK`: one `up` of the offline engine, to be killed."""

import sys

from pulumi_openrouter import offline

if __name__ == "__main__":
    folder, stack = sys.argv[1:]
    offline.create_or_select_stack(stack, folder).up()
