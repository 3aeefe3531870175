"""Evaluates a placement for a person with the OpenFeature SDK and its OFREP provider.

python openfeature_python.py HOST KEY PLACEMENT PERSON
"""

import sys

from messages import report
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

host, key, placement, person = sys.argv[1:]

api.set_provider(OFREPProvider(host, headers_factory=lambda: {"Authorization": f"Bearer {key}"}))
client = api.get_client()
context = EvaluationContext(targeting_key=person, attributes={"cart_cents": 1500, "namespace": "customer"})
details = client.get_object_details(placement, {"verdict": "default"}, context)
report(
    value=details.value,
    variant=details.variant,
    reason=details.reason and str(details.reason),
    error=details.error_code and str(details.error_code.value),
)
