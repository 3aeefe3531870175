// Before a yes, and after a no: no request, no cookie, nothing stored, nothing read but whether a no still waits to be heard. And the check itself is checked, with tags that are wrong.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bundleTag } from '../../kit.mjs';
import { fakeWink, kept, launch, shop, until, watched } from '../../browser.mjs';
import { CART, OTHER } from './pages.mjs';

/** Six pages somebody may enter by. */
const ENTRIES = {
  '/cart': CART,
  '/other': OTHER,
  '/empty': '',
  '/product': `<h1>Assam</h1><script nonce="page">window.dataLayer = [{ event: 'view_item', ecommerce: { items: [{ item_id: 'assam' }] } }];</script>`,
  '/early': `<h1>Early</h1><script nonce="page">(window.wink = window.wink || []).push(() => { window.called = true; });</script>`,
  '/resume': `<h1>Again</h1><script nonce="page">addEventListener('load', () => { window.resumed = 'not asked'; });</script>`,
};

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Somebody uses a page with mouse, wheel and keyboard, and leaves it; meanwhile nothing may happen. */
async function isSilent(tag, { gpc = false, paths = Object.keys(ENTRIES) } = {}) {
  const wink = await fakeWink(tag);
  const site = await shop(wink.origin, ENTRIES);
  const context = await browser.newContext();
  try {
    const seen = await watched(context);
    if (gpc) await context.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
    for (const path of paths) {
      const page = await context.newPage();
      await page.goto(site.origin + path);
      if (gpc) assert.deepEqual(await page.evaluate(() => [wink.grant(), wink.resume()]), [false, false]);
      await page.evaluate(() => (window.dataLayer ??= []).push({ event: 'add_to_cart', ecommerce: { items: [{ item_id: 'a' }] } }));
      for (const spot of [[40, 40], [200, 160], [90, 200]]) await page.mouse.move(...spot, { steps: 4 });
      await page.mouse.click(90, 200);
      await page.mouse.wheel(0, 900);
      await page.keyboard.press('Tab');
      await page.keyboard.type('secret');
      assert.equal((await page.evaluate(() => wink.decide({ placement: 'shipping' }))).verdict, 'none');
      await page.evaluate(() => { wink.track('Page'); wink.page(); });
      await page.waitForTimeout(path === '/cart' ? 3_500 : 300);
      assert.deepEqual(await kept(page), { touched: ['getItem wink:no'], local: {}, session: {}, databases: 0, caches: 0, cookies: 0 }, path);
      if (path === '/early') assert.equal(await page.evaluate(() => window.called), true);
      await page.goto(`${site.origin}/other`);
      await page.close();
    }
    assert.deepEqual([...new Set(seen.requests)], ['/tag.js']);
    assert.deepEqual([wink.requests, seen.errors], [[], []]);
  } finally {
    await context.close();
    site.close();
    wink.close();
  }
}

test('before a yes there is no request, no cookie and nothing in any storage', async () => {
  await isSilent(await bundleTag());
});

test('with Global Privacy Control a yes of the page changes nothing of it', async () => {
  await isSilent(await bundleTag(), { gpc: true, paths: ['/cart', '/early'] });
});

/** Changes one line of one module; fails if it is not there. */
function mistake(file, from, to) {
  let made = false;
  return bundleTag((name, text) => {
    if (name !== file) return text;
    made = text.includes(from);
    assert.ok(made, `${file} has no ${from}`);
    return text.replace(from, to);
  });
}

const ONCE_READY = '  const page = window as { wink?: Wink | Early };';
const MISTAKES = {
  'sends before a yes': ['main.ts', ONCE_READY, `wink.grant(); ${ONCE_READY}`],
  'watches and asks before a yes': ['main.ts', ONCE_READY, `session = begin(server, "anna", true); ${ONCE_READY}`],
  'stores before a yes': ['main.ts', ONCE_READY, `newId(); ${ONCE_READY}`],
  'looks into the storage before a yes': ['main.ts', ONCE_READY, `knownId(); ${ONCE_READY}`],
  'sets a cookie': ['main.ts', ONCE_READY, `document.cookie = "wink=1"; ${ONCE_READY}`],
};

for (const [name, words] of Object.entries(MISTAKES)) {
  test(`a tag that ${name} is caught`, async () => {
    const tag = await mistake(...words);
    await assert.rejects(isSilent(tag, { paths: ['/empty'] }), assert.AssertionError);
  });
}

test('a tag that does not heed Global Privacy Control is caught', async () => {
  const tag = await mistake('main.ts', '(navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl', 'false');
  await assert.rejects(isSilent(tag, { gpc: true, paths: ['/empty'] }), assert.AssertionError);
});

/** Says yes, takes it back, goes on using the page; nothing but that word may be sent. */
async function endsWithTheNo(tag) {
  const wink = await fakeWink(tag);
  const site = await shop(wink.origin, ENTRIES);
  const context = await browser.newContext();
  try {
    const seen = await watched(context);
    const page = await context.newPage();
    await page.goto(`${site.origin}/cart`);
    wink.decision = { id: 'dec_1', verdict: 'offer', title: 'Less', reason: '…' };
    await page.evaluate(() => { wink.grant(); wink.follow('shipping', async () => 'token'); });
    // On a busy machine an answer may come too late: then it is asked for again.
    await until(() => page.evaluate(async () => (await wink.offer('shipping')).verdict === 'offer'), 'an offer');
    await until(() => wink.streams.length && wink.messages.some(({ event }) => event === 'Page'), 'the yes is heard');
    await page.evaluate(() => { wink.track('Cart Viewed'); wink.withdraw({ surface: 'footer' }); });
    await until(() => wink.messages.some(({ properties }) => properties.state === 'withdrawn'), 'the no is heard');
    // The page keeps the word of it until it has the server's answer.
    await until(() => page.evaluate(() => localStorage.getItem('wink:no') === null), 'the no is let go');
    const before = wink.requests.length;
    assert.deepEqual(await page.evaluate(() => [wink.id, { ...localStorage }, document.querySelector('#slot').shadowRoot.children.length]), [undefined, {}, 0]);
    await page.hover('#shipping');
    await page.mouse.wheel(0, 900);
    await page.click('#add');
    await page.evaluate(() => wink.offer('shipping'));
    wink.streams[0].end('event: decision\ndata: {"id":"dec_2","verdict":"offer","title":"More","reason":""}\n\n');
    await page.waitForTimeout(4_000);
    await page.goto(`${site.origin}/other`);
    await page.waitForTimeout(300);
    assert.equal(wink.requests.length, before, JSON.stringify(wink.requests.slice(before)));
    assert.ok(!wink.messages.some(({ event }) => event === 'Cart Viewed'), 'what waited when the no came is forgotten');
    assert.deepEqual(seen.errors, []);
    assert.equal((await context.cookies()).length, 0);
  } finally {
    await context.close();
    site.close();
    wink.close();
  }
}

test('a yes taken back ends everything but the word of it', async () => {
  await endsWithTheNo(await bundleTag());
});

test('a tag that goes on after a no is caught', async () => {
  await assert.rejects(endsWithTheNo(await mistake('session.ts', 'over.abort();', '')), assert.AssertionError);
  await assert.rejects(endsWithTheNo(await mistake('main.ts', 'forgetId();', '')), assert.AssertionError);
});
