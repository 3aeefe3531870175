// The demo page in a browser, with the real server behind it: WINK_DEMO is its address. With WINK_SHOTS, a folder, it also takes pictures.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { resolve } from '../../kit.mjs';
import { kept, launch, until, watched } from '../../browser.mjs';

const DEMO = process.env.WINK_DEMO;
const SHOTS = process.env.WINK_SHOTS;
const DESKTOP = { viewport: { width: 1280, height: 900 } };
const SMALL = { viewport: { width: 320, height: 640 } };

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Opens the page as somebody who was never here, and holds at the end that nothing went wrong in it. */
async function visit(name, options, act, { language = 'en', prepare = () => {} } = {}) {
  const context = await browser.newContext({ ...DESKTOP, ...options });
  try {
    const seen = await watched(context);
    await prepare(context);
    const page = await context.newPage();
    await page.goto(`${DEMO}?lang=${language}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await act(page, seen, context);
    await picture(page, name);
    assert.deepEqual(seen.errors, []);
    assert.deepEqual(await page.evaluate(() => window.violations), []);
  } finally {
    await context.close();
  }
}

const picture = (page, name) => (SHOTS ? page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true }) : undefined);
const offer = (page) => page.locator('#slot section');
const verdict = (page) => page.locator('.verdict');
const asks = ({ requests }) => requests.filter((path) => !path.startsWith('/demo') && path !== '/tag.js');

/** Every rule of WCAG 2.2, A and AA, that a machine can check; and nothing is wider than the window. */
async function isAccessible(page) {
  // Run as a test's own code, which a page's policy does not bind.
  await page.evaluate(await readFile(resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations } = await page.evaluate(() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`), []);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${wide} pixels too wide`);
}

test('before a choice, and after a no, nothing is asked of the server and nothing about the person is kept', async () => {
  await visit('banner', {}, async (page, seen) => {
    await page.hover('#shipping');
    await page.waitForTimeout(3_500);
    await picture(page, 'banner-open');
    const { touched, ...stores } = await kept(page);
    assert.deepEqual(stores, { local: {}, session: {}, databases: 0, caches: 0, cookies: 0 });
    // The shop looks once whether the person has chosen before; the tag looks only whether a no still waits to be heard.
    assert.deepEqual(touched.sort(), ['getItem shop.choice', 'getItem wink:no']);
    assert.deepEqual(asks(seen), []);
    await page.click('#no');
    await page.hover('#shipping');
    await page.fill('#query', 'secret');
    await page.press('#query', 'Enter');
    await page.click('#more-assam');
    await page.waitForTimeout(3_500);
    assert.deepEqual(asks(seen), []);
    const after = await kept(page);
    assert.deepEqual([after.local, after.session, after.cookies], [{ 'shop.choice': 'no' }, {}, 0]);
    // Who said no is not asked again, and the shop works the same.
    await page.reload();
    assert.equal(await page.locator('#banner').isVisible(), false);
    assert.deepEqual(asks(seen), []);
  });
});

test('with Global Privacy Control nobody is even asked', async () => {
  const prepare = (context) => context.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
  await visit('gpc', {}, async (page, seen) => {
    assert.equal(await page.locator('#banner').isVisible(), false);
    await page.getByText('Global Privacy Control').waitFor();
    await page.hover('#shipping');
    await page.waitForTimeout(3_000);
    assert.deepEqual(asks(seen), []);
  }, { prepare });
});

test('who hesitates over the shipping costs gets an offer, takes it, and sees what was known and why', async () => {
  await visit('taken', {}, async (page, seen) => {
    await page.click('#yes');
    await page.hover('#shipping');
    await offer(page).waitFor();
    await verdict(page).getByText('An offer').waitFor();
    // The page did not ask: a rule of the shop did, and the answer came over the stream.
    await page.getByText('The shop\'s rule asked').waitFor();
    assert.deepEqual(asks(seen).filter((path) => path === '/v1/decisions'), []);
    await picture(page, 'offer-en');
    // The panel: what happened, what is known and how old that is, every candidate and why not the others.
    const panel = page.locator('.panel');
    await panel.getByText('Hesitated').waitFor();
    await panel.getByText('needs "shipping-de"').waitFor();
    await panel.locator('#features table').waitFor();
    assert.equal(await page.locator('#total').textContent(), '€32.30');
    await page.getByRole('button', { name: 'Use it' }).click();
    await page.getByText('Done.').waitFor();
    assert.equal(await page.locator('#total').textContent(), '€29.85');
    // What somebody buys is known a moment later, with its age.
    await page.fill('#postcode', '10115');
    await page.press('#postcode', 'Enter');
    await panel.getByText('orders in 365 days').waitFor();
  });
});

test('the offer can be sent away by keyboard alone, in German', async () => {
  await visit('dismissed', { colorScheme: 'dark' }, async (page) => {
    const press = async (id) => {
      for (let tabs = 0; tabs < 40; tabs += 1) {
        if (await page.evaluate((wanted) => document.activeElement.id === wanted, id)) return page.keyboard.press('Enter');
        await page.keyboard.press('Tab');
      }
      throw new Error(`#${id} is not reached by the keyboard`);
    };
    await press('yes');
    // On to the question beside the shipping costs; there the person rests.
    for (let tabs = 0; tabs < 40 && !(await page.evaluate(() => document.activeElement.matches('#shipping summary'))); tabs += 1) {
      await page.keyboard.press('Tab');
    }
    await offer(page).waitFor();
    await verdict(page).getByText('Ein Angebot').waitFor();
    await isAccessible(page);
    await picture(page, 'offer-de-dark');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.querySelector('#slot').shadowRoot.activeElement.textContent), 'Nutzen');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await offer(page).count(), 0);
  }, { language: 'de' });
});

test('whose cart does not bear an offer gets none, on purpose, and the panel says what was missing', async () => {
  await visit('none-de', {}, async (page) => {
    await page.click('#fewer-assam');
    await page.click('#yes');
    await page.hover('#shipping');
    await verdict(page).getByText('Bewusst keines').waitFor();
    await page.locator('#decision').getByText('No offer: applicability fails: cart_cents is 1250, needs at least 2000.').waitFor();
    assert.equal(await offer(page).count(), 0);
  }, { language: 'de' });
});

test('a yes can be taken back, and is gone from the browser', async () => {
  await visit('withdrawn', {}, async (page, seen) => {
    await page.click('#yes');
    await page.locator('#features table').waitFor();
    const id = await page.evaluate(() => wink.id);
    const heard = page.waitForResponse((response) => response.request().postData()?.includes('withdrawn'));
    await page.click('#change');
    assert.equal((await heard).status(), 200);
    assert.equal(await page.evaluate(() => wink.id), undefined);
    assert.deepEqual((await kept(page)).local, { 'shop.choice': 'no' });
    // The server has heard it: no feature of this person is read any more.
    const granted = await page.evaluate(async (value) => {
      const ask = async (path, question) => (await fetch(path, question && { method: 'POST', body: JSON.stringify(question) })).json();
      const { id: profile } = await ask('/v1/profiles/lookup', { identity: { namespace: 'anonymous_id', value } });
      const { data } = await ask(`/v1/profiles/${profile}/features`);
      return data.filter(({ state }) => state !== 'not_granted').length;
    }, id);
    assert.equal(granted, 0);
    await page.waitForTimeout(2_500);
    const before = asks(seen).length;
    await page.hover('#shipping');
    await page.waitForTimeout(3_500);
    assert.equal(asks(seen).length, before);
  });
});

test('a yes holds on the next page, and a decision that somebody else asks for appears there', async () => {
  await visit('stream', {}, async (page) => {
    await page.click('#yes');
    await page.locator('#features table').waitFor();
    const id = await page.evaluate(() => wink.id);
    await page.reload();
    assert.equal(await page.evaluate(() => wink.id), id);
    // The page asks for a token, and the connection is there a moment later.
    await until(() => page.evaluate(() => performance.getEntriesByType('resource').some(({ name }) => name.includes('/v1/stream-tokens'))), 'a token');
    await page.waitForTimeout(1_000);
    // As a rule of the server would, or somebody at a till.
    await fetch(new URL('/v1/decisions', DEMO), {
      method: 'POST',
      body: JSON.stringify({ identity: { namespace: 'anonymous_id', value: id }, channel: 'web', placement: 'shipping-en', cart_cents: 2_740, issue: 'on_accept' }),
    });
    await offer(page).waitFor();
    await page.getByText('Came over the stream.').waitFor();
  });
});

test('a browser whose clock is two days ahead is understood all the same', async () => {
  const prepare = (context) => context.addInitScript(() => {
    const real = Date;
    const ahead = 2 * 86_400_000;
    window.Date = class extends real {
      constructor(...words) { if (words.length) super(...words); else super(real.now() + ahead); }
      static now() { return real.now() + ahead; }
    };
  });
  await visit('ahead', {}, async (page) => {
    await page.click('#yes');
    await page.hover('#shipping');
    // Without the yes, which would lie in the future, there would be none.
    await offer(page).waitFor();
  }, { prepare });
});

test('events arrive as events: nothing of the tag is a dead letter', async () => {
  const { dead, refused, accepted } = await (await fetch(new URL('/v1/health/balance', DEMO))).json();
  assert.deepEqual([dead, refused], [0, 0]);
  assert.ok(0 < accepted);
});

for (const [name, options, language] of [
  ['small-en', SMALL, 'en'], ['small-de-dark', { ...SMALL, colorScheme: 'dark' }, 'de'], ['desktop-de', DESKTOP, 'de'], ['desktop-en-dark', { ...DESKTOP, colorScheme: 'dark' }, 'en'],
]) {
  test(`everybody can read and use it: ${name}`, async () => {
    await visit(`${name}-offer`, options, async (page) => {
      await isAccessible(page);
      await picture(page, `${name}-banner`);
      // Yes and no are the same size.
      const [yes, no] = await Promise.all(['#yes', '#no'].map((id) => page.locator(id).boundingBox()));
      assert.deepEqual([yes.width, yes.height], [no.width, no.height]);
      await page.click('#yes');
      await page.hover('#shipping');
      await offer(page).waitFor();
      await page.locator('#features table').waitFor();
      await isAccessible(page);
    }, { language });
  });
}
