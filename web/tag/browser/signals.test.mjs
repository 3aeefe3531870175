// What is watched, with a real mouse, keyboard and finger: every event by its name and properties, and nothing else.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bundleTag } from '../../kit.mjs';
import { fakeWink, launch, shop, until, watched } from '../../browser.mjs';
import { CART, OTHER } from './pages.mjs';

/** Every event the tag sends of its own, and the properties it may have. */
const VOCABULARY = {
  'Consent Updated': ['purpose', 'state', 'method', 'surface', 'text_version', 'text_hash'],
  'Page': ['path', 'referrer', 'utm_source', 'utm_medium', 'utm_campaign'],
  'Page Engaged': ['dwell_ms', 'scroll_pct', 'quick_back'],
  'Element Viewed': ['zone', 'ms'],
  'Cursor Stopped': ['zone', 'after_ms'],
  'Hesitated': ['zone', 'ms', 'placement', 'cart_cents'],
  'Field Abandoned': ['field'],
  'Products Searched': [],
  'Product Added': ['product_id', 'price', 'category'],
};

let browser;
let tag;
before(async () => { [browser, tag] = [await launch(), await bundleTag()]; });
after(() => browser.close());

/** Opens the cart after a yes and hands it to `act`; the answer is all messages, by name. */
async function messages(act, { path = '/cart', options = {} } = {}) {
  const wink = await fakeWink(tag);
  const site = await shop(wink.origin, { '/cart': CART, '/other': OTHER });
  const context = await browser.newContext(options);
  try {
    const seen = await watched(context);
    const page = await context.newPage();
    await page.goto(site.origin + path);
    await page.evaluate(() => wink.grant());
    const heard = (name, count = 1) => until(
      () => wink.messages.filter(({ event }) => event === name).length >= count,
      `${name}, ${count} times, among ${JSON.stringify(wink.messages)}`,
    );
    await act(page, heard, wink, site);
    assert.deepEqual(seen.errors, []);
    assert.deepEqual(await page.evaluate(() => window.violations), []);
    for (const { event, properties, anonymousId, messageId, type, timestamp } of wink.messages) {
      assert.equal(type, 'track');
      assert.ok(anonymousId && messageId && Date.parse(timestamp), event);
      assert.ok(event in VOCABULARY, event);
      const strange = Object.keys(properties).filter((name) => !VOCABULARY[event].includes(name));
      assert.deepEqual(strange, [], event);
    }
    assert.equal(new Set(wink.messages.map(({ messageId }) => messageId)).size, wink.messages.length);
    return (name) => wink.messages.filter(({ event }) => event === name).map(({ properties }) => properties);
  } finally {
    await context.close();
    site.close();
    wink.close();
  }
}

/** Leaves the page as people do. */
const leave = (page) => page.click('#away');

test('a visit is told in the vocabulary, and nothing of what was typed, clicked at or read', async () => {
  const said = await messages(async (page, heard, wink) => {
    await page.fill('#query', 'tea for my heart');
    await page.press('#query', 'Enter');
    await page.click('#add');
    await page.hover('#shipping-text');
    await heard('Hesitated');
    await page.mouse.wheel(0, 10_000);
    await page.waitForTimeout(1_300);
    await page.fill('#postcode', '10115 Berlin');
    await leave(page);
    await heard('Page Engaged');
    const sent = JSON.stringify(wink.requests);
    for (const secret of ['heart', '10115', 'Berlin', '4.90 euro', 'Your cart', 'secret', 'clientX', 'pageX']) {
      assert.ok(!sent.includes(secret), secret);
    }
  }, { path: '/cart?utm_source=letter&utm_campaign=spring&email=anna@example.com' });
  assert.deepEqual(said('Consent Updated'), [{ purpose: 'personalisation', state: 'granted', method: 'banner' }]);
  assert.deepEqual(said('Page'), [{ path: '/cart', utm_source: 'letter', utm_campaign: 'spring' }]);
  assert.deepEqual(said('Products Searched'), [{}]);
  assert.deepEqual(said('Product Added'), [{ product_id: 'assam', price: '14.90', category: 'TEA' }]);
  assert.deepEqual(said('Field Abandoned'), [{ field: 'postcode' }]);
  const [stopped] = said('Cursor Stopped');
  assert.equal(stopped.zone, 'shipping');
  assert.ok(0 <= stopped.after_ms, JSON.stringify(stopped));
  const [hesitated] = said('Hesitated');
  assert.ok(hesitated.zone === 'shipping' && 2_500 <= hesitated.ms, JSON.stringify(hesitated));
  const viewed = new Map(said('Element Viewed').map(({ zone, ms }) => [zone, ms]));
  assert.deepEqual([...viewed.keys()].sort(), ['long', 'shipping'], 'a zone larger than the window is seen, too');
  assert.ok([...viewed.values()].every((ms) => 1_000 <= ms), JSON.stringify([...viewed]));
  const engaged = said('Page Engaged');
  assert.equal(engaged.length, 1, JSON.stringify(engaged));
  assert.ok(95 < engaged[0].scroll_pct && 3_800 < engaged[0].dwell_ms, JSON.stringify(engaged));
  assert.equal(engaged[0].quick_back, false);
});

test('who goes back soon after they came is told as quick back', async () => {
  const said = await messages(async (page, heard) => {
    // Who is gone within a tenth of a second has seen nothing, and a quick machine is.
    await page.waitForTimeout(500);
    await leave(page);
    await heard('Page Engaged', 1);
    await page.evaluate(() => wink.resume());
    await page.waitForTimeout(500);
    await page.goBack();
    await heard('Page Engaged', 2);
  });
  assert.deepEqual(said('Page Engaged').map((engaged) => engaged.quick_back), [false, true]);
});

test('who acts does not hesitate, nor who is elsewhere', async () => {
  const said = await messages(async (page) => {
    await page.hover('#shipping-text');
    await page.waitForTimeout(1_500);
    await page.click('#why');
    await page.waitForTimeout(3_000);
    await page.hover('#outside');
    await page.waitForTimeout(3_000);
  });
  assert.deepEqual(said('Hesitated'), []);
});

test('the same zone is told of once in half a minute, however often somebody comes back to it', async () => {
  const said = await messages(async (page, heard) => {
    for (let visit = 0; visit < 3; visit += 1) {
      await page.hover('#shipping-text');
      await page.waitForTimeout(2_800);
      await page.hover('#outside');
    }
    await heard('Hesitated');
  });
  assert.equal(said('Hesitated').length, 1);
});

test('by keyboard', async () => {
  const said = await messages(async (page, heard) => {
    await page.focus('#add');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'why');
    await heard('Hesitated');
  });
  assert.deepEqual(said('Cursor Stopped'), []);
});

test('by touch, and scrolling over a zone is no hesitation', async () => {
  await messages(async (page, heard, wink) => {
    await page.touchscreen.tap(5, 5);
    await page.waitForTimeout(3_000);
    assert.ok(!wink.messages.some(({ event }) => event === 'Hesitated'));
    await page.tap('#shipping-text');
    await heard('Hesitated');
  }, { options: { hasTouch: true, viewport: { width: 320, height: 640 } } });
});

test('a tab in the background is not dwelt in', async () => {
  const said = await messages(async (page, heard) => {
    const hide = (hidden) => page.evaluate((is) => {
      Object.defineProperty(document, 'hidden', { value: is, configurable: true });
      Object.defineProperty(document, 'visibilityState', { value: is ? 'hidden' : 'visible', configurable: true });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    }, hidden);
    await page.waitForTimeout(400);
    await hide(true);
    await heard('Page Engaged', 1);
    await page.waitForTimeout(2_000);
    await hide(false);
    await page.waitForTimeout(300);
    await leave(page);
    await heard('Page Engaged', 2);
  });
  const [, second] = said('Page Engaged');
  assert.ok(second.dwell_ms < 2_000, JSON.stringify(second));
});

test('a page that changes without a load is told as another', async () => {
  const said = await messages(async (page, heard, wink) => {
    await page.waitForTimeout(300);
    await page.evaluate(() => { history.pushState({}, '', '/other'); wink.page(); });
    await heard('Page', 2);
    assert.equal(wink.messages.filter(({ event }) => event === 'Page Engaged').length, 1);
    await page.hover('#shipping-text');
    await heard('Hesitated');
  });
  assert.deepEqual(said('Page').map(({ path }) => path), ['/cart', '/other']);
  assert.equal(said('Hesitated').length, 1, 'the signals of the page before are gone');
});

test('the next page goes on under the same id, without asking again', async () => {
  await messages(async (page, heard, wink) => {
    await leave(page);
    await page.waitForLoadState();
    assert.equal(await page.evaluate(() => wink.id), undefined, 'not before the shop says that the yes still holds');
    assert.equal(await page.evaluate(() => wink.resume()), true);
    await heard('Page', 2);
    assert.equal(new Set(wink.messages.map(({ anonymousId }) => anonymousId)).size, 1);
    assert.equal(wink.messages.filter(({ event }) => event === 'Consent Updated').length, 1);
  });
});
