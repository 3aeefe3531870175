"""Sends what a shop's server sends with segment-analytics-python, and says what became of it.

python segment_python.py HOST WRITE_KEY MESSAGES [SECONDS]: all at once, or spread over so many seconds
"""

import sys
import time

import segment.analytics as analytics
from messages import report, shopper_messages

host, write_key, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
seconds = float(sys.argv[4]) if 4 < len(sys.argv) else 0.0

failures = []
client = analytics.Client(
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
for call, message in shopper_messages(count, "segment-python"):
    getattr(client, call)(**message)
    sent.append(message["message_id"])
    if len(sent) % 50 == 0:
        time.sleep(50 * seconds / count)
client.flush()
client.join()
failed = {message["messageId"] for message in failures}
report(sent=sent, delivered=[name for name in sent if name not in failed], failed=len(failures))
