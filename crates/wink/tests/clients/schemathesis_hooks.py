"""Makes what schemathesis sends reach further than the gate, and nothing it makes up reach further than this machine.

WINK_KEYS maps a role to its key, WINK_KNOWN the beginning of a path of the description to what its parameter may name.
"""

import json
import os

import schemathesis

keys = json.loads(os.environ["WINK_KEYS"])
known = json.loads(os.environ["WINK_KNOWN"])
calls = {}


@schemathesis.hook
def before_call(_context, case, **_kwargs):
    show_key(case)
    name_what_exists(case)
    stay_here(case)


def show_key(case):
    """Shows a key that may do this: without one, every answer would be 401."""
    roles = case.operation.definition.raw.get("x-wink-roles", [])
    role = next((role for role in keys if role in roles), None)
    if role:
        case.headers["Authorization"] = f"Bearer {keys[role]}"


def name_what_exists(case):
    """Names what exists every other time: made up ids are only ever not found."""
    operation = case.operation.label
    calls[operation] = calls.get(operation, 0) + 1
    thing = next((known[start] for start in known if case.operation.path.startswith(start)), None)
    if thing and case.method != "DELETE" and calls[operation] % 2 == 0:
        case.path_parameters = {name: thing for name in case.path_parameters}


def stay_here(case):
    """Sends webhooks to a port of this machine where nobody listens, whatever host was made up."""
    if isinstance(case.body, dict) and ":" in str(case.body.get("url", "")):
        case.body["url"] = "http://127.0.0.1:9/made-up"
