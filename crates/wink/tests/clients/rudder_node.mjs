// Sends what a shop's server sends with @rudderstack/rudder-sdk-node, and says what became of it.
// node rudder_node.mjs HOST WRITE_KEY MESSAGES
import { createRequire } from 'node:module';
import { report, shopperMessages } from './messages.mjs';

const RudderAnalytics = createRequire(process.env.WINK_TEST_CLIENTS + '/node/')('@rudderstack/rudder-sdk-node');
const [host, writeKey, count] = process.argv.slice(2);

// By itself it tries three times only, and ends the process when it gives up.
const patient = { retryCount: 12, errorHandler: () => {} };
const client = new RudderAnalytics(writeKey, { dataPlaneUrl: host, flushAt: 5, flushInterval: 50, ...patient });
let failed = 0;
const sent = [];
const done = [];
for (const { call, ...message } of shopperMessages(Number(count), 'rudder-node')) {
  // Without a callback this client ends the whole process when a batch is refused.
  done.push(new Promise((resolve) => client[call](message, (error) => {
    failed += error ? 1 : 0;
    resolve();
  })));
  sent.push(message.messageId);
}
await client.flush();
await Promise.all(done);
report({ sent, failed });
process.exit(0);
