"""Sends three orders with the CloudEvents SDK in binary, structured and batch mode, the second twice, and says how each was answered.

python cloudevents_python.py HOST KEY PERSON
"""

import json
import sys
import urllib.request

from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from messages import report

host, key, person = sys.argv[1:]


def order(event_id):
    product = {"product_id": "p-1", "category": "TEA", "quantity": 2, "total_cents": 3998}
    attributes = {"id": event_id, "source": "/till/8", "type": "Order Completed", "specversion": "1.0"}
    attributes |= {"subject": person, "namespace": "customer", "datacontenttype": "application/json"}
    return CloudEvent(attributes, {"order_id": event_id, "products": [product]})


def send(headers, body):
    request = urllib.request.Request(f"{host}/v1/cloudevents", data=body)
    for name, value in [*headers.items(), ("Authorization", f"Bearer {key}")]:
        request.add_header(name, value)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


first, second, third = (order(f"ce-python-{number}") for number in (1, 2, 3))
binary = to_binary_event(first)
structured = to_structured_event(second)
batch = b",".join(to_structured_event(event).body for event in (second, third))
report(
    answers=[
        send(binary.headers, binary.body),
        send(structured.headers, structured.body),
        send({"content-type": "application/cloudevents-batch+json"}, b"[" + batch + b"]"),
    ]
)
