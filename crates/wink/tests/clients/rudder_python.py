"""Sends what a shop's server sends with rudder-sdk-python, and says what became of it.

python rudder_python.py HOST WRITE_KEY MESSAGES
"""

import sys

from messages import report, shopper_messages
from rudderstack.analytics.client import Client

host, write_key, count = sys.argv[1], sys.argv[2], int(sys.argv[3])

failures = []
client = Client(
    write_key,
    host=host,
    gzip=True,
    max_retries=20,
    upload_size=5,
    upload_interval=0.05,
    timeout=3,
    on_error=lambda error, batch: failures.extend(batch),
)
sent = []
for call, message in shopper_messages(count, "rudder-python"):
    getattr(client, call)(**message)
    sent.append(message["message_id"])
client.flush()
client.join()
report(sent=sent, failed=len(failures))
