// Sends what a shop's server sends with @segment/analytics-node, and says what became of it.
// node segment_node.mjs HOST WRITE_KEY MESSAGES [SECONDS]: all at once, or spread over so many seconds
import { createRequire } from 'node:module';
import { report, shopperMessages } from './messages.mjs';

const { Analytics } = createRequire(process.env.WINK_TEST_CLIENTS + '/node/')('@segment/analytics-node');
const [host, writeKey, count, seconds = '0'] = process.argv.slice(2);

let failed = 0;
const analytics = new Analytics({ host, writeKey, flushAt: 5, flushInterval: 50, maxRetries: 20, httpRequestTimeout: 3000 });
analytics.on('error', () => { failed += 1; });
const sent = [];
const delivered = [];
for (const { call, ...message } of shopperMessages(Number(count), 'segment-node')) {
  analytics[call](message, (error) => { if (!error) delivered.push(message.messageId); });
  sent.push(message.messageId);
  await pause(sent.length);
}
await analytics.closeAndFlush({ timeout: 60_000 });
report({ sent, delivered, failed });

/** Waits after every fiftieth message, so that all of them take the seconds asked for. */
function pause(number) {
  if (Number(seconds) === 0 || number % 50 !== 0) return undefined;
  return new Promise((resolve) => { setTimeout(resolve, 50_000 * Number(seconds) / Number(count)); });
}
