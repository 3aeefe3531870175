// Evaluates a placement for a person with the OpenFeature SDK and its OFREP provider.
// node openfeature_node.mjs HOST KEY PLACEMENT PERSON
import { createRequire } from 'node:module';
import { report } from './messages.mjs';

const require = createRequire(process.env.WINK_TEST_CLIENTS + '/node/');
const { OpenFeature } = require('@openfeature/server-sdk');
const { OFREPProvider } = require('@openfeature/ofrep-provider');
const [baseUrl, key, placement, person] = process.argv.slice(2);

const provider = new OFREPProvider({ baseUrl, headers: [['Authorization', `Bearer ${key}`]] });
await OpenFeature.setProviderAndWait(provider);
const context = { targetingKey: person, cart_cents: 1500, namespace: 'customer' };
const details = await OpenFeature.getClient().getObjectDetails(placement, { verdict: 'default' }, context);
report({ value: details.value, variant: details.variant, reason: details.reason, error: details.errorCode ?? null });
