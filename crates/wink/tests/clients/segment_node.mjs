// Sends what a shop's server sends with @segment/analytics-node, and says what became of it.
// node segment_node.mjs HOST WRITE_KEY MESSAGES
import { createRequire } from 'node:module';
import { report, shopperMessages } from './messages.mjs';

const { Analytics } = createRequire(process.env.WINK_TEST_CLIENTS + '/node/')('@segment/analytics-node');
const [host, writeKey, count] = process.argv.slice(2);

let failed = 0;
const analytics = new Analytics({ host, writeKey, flushAt: 5, flushInterval: 50, maxRetries: 20, httpRequestTimeout: 3000 });
analytics.on('error', () => { failed += 1; });
const sent = [];
for (const { call, ...message } of shopperMessages(Number(count), 'segment-node')) {
  analytics[call](message);
  sent.push(message.messageId);
}
await analytics.closeAndFlush({ timeout: 60_000 });
report({ sent, failed });
