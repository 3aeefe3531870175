// Sends two orders with the CloudEvents SDK in binary and structured mode, the second in both, and says how each was answered.
// node cloudevents_node.mjs HOST KEY PERSON
import { createRequire } from 'node:module';
import { report } from './messages.mjs';

const { CloudEvent, emitterFor, httpTransport, Mode } = createRequire(process.env.WINK_TEST_CLIENTS + '/node/')('cloudevents');
const [host, key, subject] = process.argv.slice(2);

const order = (id) => new CloudEvent({
  id, subject, namespace: 'customer', source: '/till/7', type: 'wink.order_completed', time: new Date().toISOString(),
  data: { order_id: id, products: [{ product_id: 'p-1', category: 'TEA', quantity: 2, total_cents: 3998 }] },
});
const transport = httpTransport(`${host}/v1/cloudevents`);
const headers = { authorization: `Bearer ${key}` };
const [first, second] = [order('ce-node-1'), order('ce-node-2')];
const answers = [];
for (const [event, mode] of [[first, Mode.BINARY], [second, Mode.STRUCTURED], [second, Mode.BINARY]]) {
  const answer = await emitterFor(transport, { mode })(event, { headers });
  answers.push(JSON.parse(answer.body));
}
report({ answers });
