// Decisions on a page: asked for in the moment, shown as text, taken or not; and a server that is late, away or wrong changes nothing of the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bundleTag } from '../../kit.mjs';
import { fakeWink, launch, shop, until, watched } from '../../browser.mjs';
import { CART, OTHER } from './pages.mjs';

const OFFER = { id: 'dec_1', verdict: 'offer', offer: 'half', title: 'Half of the <b>shipping</b>, 2.45 euro less.', maximum_cents: 245, accept_by: '2026-11-23T06:33:44Z', reason: 'Offer `half`: …' };

let browser;
let tag;
before(async () => { [browser, tag] = [await launch(), await bundleTag()]; });
after(() => browser.close());

/** Opens the cart with a server that is set up by `wink`, says yes, and hands over to `act`. */
async function visit(setUp, act, { language = 'en' } = {}) {
  const wink = await fakeWink(tag);
  Object.assign(wink, setUp);
  const cart = CART.replace('<h1>', `<script nonce="page">document.documentElement.lang = '${language}';</script><h1>`);
  const site = await shop(wink.origin, { '/cart': cart, '/other': OTHER });
  const context = await browser.newContext();
  try {
    const seen = await watched(context);
    const page = await context.newPage();
    await page.goto(`${site.origin}/cart`);
    await page.evaluate(() => {
      window.decided = [];
      document.addEventListener('wink:decision', ({ detail }) => window.decided.push(detail));
      wink.grant();
    });
    await act(page, wink, context);
    assert.deepEqual(seen.errors, []);
    assert.deepEqual(await page.evaluate(() => window.violations), []);
  } finally {
    await context.close();
    site.close();
    wink.close();
  }
}

const asked = (wink, path) => wink.requests.filter((request) => request.path === path).map(({ body }) => body);
const slot = (page) => page.locator('#slot section');
const decided = (page) => until(() => page.evaluate(() => window.decided[0]), 'a decision');

test('hesitation asks with what happened until then, and the offer appears as text that can be sent away', async () => {
  await visit({ decision: OFFER }, async (page, wink) => {
    await page.hover('#shipping-text');
    await slot(page).waitFor();
    const [question] = asked(wink, '/v1/decisions');
    const id = await page.evaluate(() => window.wink.id);
    assert.deepEqual(question, {
      identity: { namespace: 'anonymous_id', value: id }, channel: 'web', placement: 'cart/shipping', cart_cents: 2_740,
      issue: 'on_accept', accept_within_seconds: 86_400,
    });
    const order = wink.requests.map(({ path, body }) => (path === '/v1/batch' ? body.batch.map(({ event }) => event) : path)).flat();
    assert.ok(order.indexOf('Hesitated') < order.indexOf('/v1/decisions'), order.join());
    // What came is text, whatever it looks like.
    const [title, valid] = await slot(page).locator('p').allTextContents();
    assert.equal(title, OFFER.title);
    assert.match(valid, /^Valid until November 2[23], 2026/);
    assert.equal(await page.locator('#slot b').count(), 0);
    // The no is as easy as the yes: beside it, of the same size and weight.
    const look = (button) => button.evaluate((it) => {
      const { width, height } = it.getBoundingClientRect();
      const { color, backgroundColor, fontSize, fontWeight, borderColor } = getComputedStyle(it);
      return { width: Math.round(width), height: Math.round(height), color, backgroundColor, fontSize, fontWeight, borderColor };
    });
    const [yes, no] = [page.getByRole('button', { name: 'Use it' }), page.getByRole('button', { name: 'No, thanks' })];
    assert.deepEqual(await look(yes), await look(no));
    assert.ok(24 <= (await look(no)).height);
    assert.equal(await page.getByRole('status').count(), 1);
    await until(() => asked(wink, '/v1/exposures').length === 1, 'that it was seen');
    // By keyboard alone.
    await no.focus();
    await page.keyboard.press('Enter');
    await until(() => asked(wink, '/v1/exposures').length === 2, 'that it was dismissed');
    assert.deepEqual(asked(wink, '/v1/exposures'), [{ decision: 'dec_1', kind: 'seen' }, { decision: 'dec_1', kind: 'dismissed' }]);
    assert.equal(await slot(page).count(), 0);
    // Who said no is left alone.
    assert.equal((await page.evaluate(() => window.wink.offer('shipping'))).verdict, 'none');
    assert.equal(asked(wink, '/v1/decisions').length, 1);
  });
});

test('an offer is taken once, and a yes that fails can be said again', async () => {
  await visit({ decision: OFFER, acceptStatus: 503 }, async (page, wink) => {
    await page.evaluate(() => document.addEventListener('wink:clicked', ({ detail }) => { window.taken = detail.answer.id; }));
    await page.evaluate(() => window.wink.offer('shipping'));
    const yes = page.getByRole('button', { name: 'Nutzen' });
    await yes.click();
    await page.getByText('Das hat nicht geklappt.').waitFor();
    assert.equal(await page.evaluate(() => window.taken), undefined);
    wink.acceptStatus = 200;
    await yes.click();
    await page.getByText('Erledigt.').waitFor();
    assert.equal(await page.evaluate(() => window.taken), 'dec_1');
    assert.equal(await page.locator('#slot button').count(), 0);
    assert.equal(wink.requests.filter(({ path }) => path === '/v1/decisions/dec_1/accept').length, 2);
  }, { language: 'de-AT' });
});

test('a deliberate none shows nothing', async () => {
  await visit({}, async (page, wink) => {
    await page.hover('#shipping-text');
    assert.equal((await decided(page)).answer.reason, 'No offer.');
    assert.equal(asked(wink, '/v1/exposures').length, 0);
    assert.equal(await slot(page).count(), 0);
  });
});

test('an answer that comes after 300 ms is no offer, then and later', async () => {
  await visit({ decision: OFFER, decideAfterMs: 900 }, async (page, wink) => {
    await page.evaluate(() => window.wink.follow('shipping', async () => 'token'));
    await until(() => wink.streams.length, 'the stream');
    const { answer, ms } = await page.evaluate(async () => {
      const begun = performance.now();
      const answer = await window.wink.offer('shipping');
      return { answer, ms: performance.now() - begun };
    });
    assert.deepEqual(answer, { verdict: 'none', reason: 'no answer' });
    // Timers of a busy machine are late; the server's answer is later still.
    assert.ok(300 <= Math.ceil(ms) && ms < 850, `${ms} ms`);
    // The same decision comes over the stream, before its own answer does.
    wink.streams[0].write(`event: decision\ndata: ${JSON.stringify(OFFER)}\n\n`);
    await page.waitForTimeout(1_500);
    assert.equal(await slot(page).count(), 0);
  });
});

test('a decision that others asked for appears when it is made', async () => {
  await visit({}, async (page, wink) => {
    await page.evaluate(() => window.wink.follow('shipping', async () => 'a/token'));
    await until(() => wink.streams.length, 'the stream');
    wink.streams[0].write(`id: 2\nevent: decision\ndata: ${JSON.stringify({ ...OFFER, verdict: 'none' })}\n\n`);
    wink.streams[0].write(`id: 3\nevent: decision\ndata: ${JSON.stringify({ ...OFFER, id: 'dec_2' })}\n\n`);
    await slot(page).waitFor();
    assert.deepEqual((await page.evaluate(() => window.decided)).map(({ answer }) => answer.id), ['dec_1', 'dec_2']);
  });
});

test('while the server is away the page works, and what happened is told when it is back, under the same ids', async () => {
  await visit({ status: 503, decision: OFFER }, async (page, wink) => {
    await page.click('#add');
    await page.hover('#shipping-text');
    await page.evaluate(() => { for (let number = 0; number < 1_000; number += 1) window.wink.track('Product Viewed', { product_id: number }); });
    await until(() => asked(wink, '/v1/batch').length >= 2, 'two tries');
    const first = asked(wink, '/v1/batch')[0].batch[0];
    wink.status = 200;
    await until(() => wink.messages.length >= 200, 'the rest', 60_000);
    assert.ok(wink.messages.some(({ messageId }) => messageId === first.messageId));
    assert.ok(wink.messages.length < 250, `${wink.messages.length} messages waited`);
    assert.equal(new Set(wink.messages.map(({ messageId }) => messageId)).size, wink.messages.length);
    assert.ok(wink.messages.some(({ event }) => event === 'Product Added'));
  });
});

test('without a way to the server, and with a key that is refused, there is no offer and no error', async () => {
  await visit({ status: 401, decision: undefined }, async (page) => {
    assert.equal((await page.evaluate(() => window.wink.offer('shipping'))).verdict, 'none');
  });
  await visit({}, async (page, wink, context) => {
    await context.setOffline(true);
    assert.equal((await page.evaluate(() => window.wink.offer('shipping'))).verdict, 'none');
    await page.click('#add');
    await context.setOffline(false);
    await until(() => wink.messages.some(({ event }) => event === 'Product Added'), 'what happened meanwhile', 30_000);
  });
});
