// The shop: a cart, a bill, a banner. It does what any shop does; four lines of it speak with the tag.
// @ts-check
import { language, made, money, part, texts } from './texts.js';

const SHIPPING_CENTS = 490;
/** What the offer needs: its `minimum_spend`. */
const LESS_FROM_CENTS = 2_000;
/** What somebody said to the banner. The shop keeps it so that nobody is asked twice. */
const CHOICE = 'shop.choice';

/** @typedef {{ id: string, name: string, cents: number, count: number }} Item */
/** @type {Item[]} */
const cart = [
  { id: 'assam', name: texts.assam, cents: 1490, count: 1 },
  { id: 'sencha', name: texts.sencha, cents: 1250, count: 1 },
];
let lessCents = 0;

/** The data layer, as a shop has one for Google. The tag's adapter reads it. */
const layer = (/** @type {any} */ (window).dataLayer ??= []);
/** @returns {import('../../tag/src/main.ts').Wink} */
const wink = () => /** @type {any} */ (window).wink;

for (const element of document.querySelectorAll('[data-text]')) {
  element.textContent = /** @type {Record<string, any>} */ (texts)[String(element.getAttribute('data-text'))];
}
document.documentElement.lang = language;
document.title = texts.page;
document.querySelector('nav')?.setAttribute('aria-label', texts.languages);
document.querySelector(`nav [lang=${language}]`)?.setAttribute('aria-current', 'true');
part('slot').dataset.placement = `shipping-${language}`;
part('shipping-price').textContent = money(SHIPPING_CENTS);
draw();

// The banner: the choice is the person's, and both answers are one click.
const gpc = /** @type {any} */ (navigator).globalPrivacyControl === true;
part('yes').onclick = () => choose('yes');
part('no').onclick = () => choose('no');
part('change').onclick = () => {
  if (localStorage.getItem(CHOICE) === 'yes') {
    wink().withdraw({ method: 'link', surface: 'footer', text_version: '1' });
    choose('no');
  } else {
    ask();
  }
};
const said = localStorage.getItem(CHOICE);
if (gpc || said === 'no') settle();
else if (said === 'yes' && wink().resume()) begin();
else ask();

function ask() {
  part('banner').hidden = false;
  part('choice').textContent = '';
  part('change').hidden = true;
  part('yes').blur();
}

/** @param {'yes' | 'no'} answer */
function choose(answer) {
  localStorage.setItem(CHOICE, answer);
  if (answer === 'yes' && wink().grant({ method: 'banner', surface: 'cart', text_version: '1' })) begin();
  else settle();
  part('cart').focus({ preventScroll: true });
}

function begin() {
  settle();
  layer.push({ event: 'view_cart', ecommerce: { currency: 'EUR', items: cart.filter((of) => of.count).map(item) } });
  wink().follow('shipping', token);
}

function settle() {
  const yes = !!wink().id;
  part('banner').hidden = true;
  part('choice').textContent = yes ? texts.allowed : gpc ? texts.gpc : texts.declined;
  part('change').textContent = yes ? texts.takeBack : texts.askAgain;
  part('change').hidden = gpc;
}

/** What the shop's own server would do: only it may ask for a token. This page may too, as its server wants no keys. */
async function token() {
  // Nobody is known before the yes has arrived.
  await new Promise((done) => { setTimeout(done, 1_000); });
  const identity = { namespace: 'anonymous_id', value: wink().id };
  const answer = await fetch('/v1/stream-tokens', { method: 'POST', body: JSON.stringify({ identity }) });
  if (!answer.ok) throw new Error('nobody is known by this id yet');
  return (await answer.json()).token;
}

/** @param {Item} of */
function item(of) {
  return { item_id: of.id, item_category: 'TEA', price: of.cents / 100, quantity: of.count };
}

function draw() {
  const list = part('items');
  const shown = cart.filter((of) => of.count);
  list.replaceChildren(...shown.map(row));
  if (!shown.length) list.append(made('li', texts.empty));
  const cents = cart.reduce((sum, of) => sum + of.cents * of.count, 0);
  part('subtotal').textContent = money(cents);
  const less = LESS_FROM_CENTS <= cents ? lessCents : 0;
  part('less').hidden = !less;
  part('less-price').textContent = money(-less);
  part('total').textContent = money(cents && cents + SHIPPING_CENTS - less);
  part('slot').dataset.cartCents = String(cents);
}

/** @param {Item} of */
function row(of) {
  const line = made('li');
  const name = made('div');
  name.append(made('p', of.name, 'name'), made('p', `${money(of.cents)} ${texts.each}`, 'small'));
  const steps = made('div', '', 'steps');
  steps.append(step(of, -1, '−', texts.fewer), made('output', String(of.count)), step(of, 1, '+', texts.more));
  const tin = made('span', of.name.slice(0, 1), 'tin');
  tin.setAttribute('aria-hidden', 'true');
  line.append(tin, name, made('p', money(of.cents * of.count), 'price'), steps);
  return line;
}

/**
 * @param {Item} of
 * @param {1 | -1} by
 * @param {string} sign
 * @param {string} does
 */
function step(of, by, sign, does) {
  const button = /** @type {HTMLButtonElement} */ (made('button', sign));
  button.type = 'button';
  button.id = `${by < 0 ? 'fewer' : 'more'}-${of.id}`;
  button.setAttribute('aria-label', does + of.name);
  button.onclick = () => {
    of.count += by;
    draw();
    // The list was drawn anew: the focus goes where it was, or to the list's heading when the line is gone.
    (document.getElementById(button.id) ?? part('cart')).focus({ preventScroll: true });
    layer.push({ ecommerce: null });
    layer.push({ event: by < 0 ? 'remove_from_cart' : 'add_to_cart', ecommerce: { currency: 'EUR', items: [{ ...item(of), quantity: 1 }] } });
  };
  return button;
}

// What the tag tells the page: somebody wants what was offered, or does not.
document.addEventListener('wink:clicked', (event) => {
  lessCents = /** @type {CustomEvent} */ (event).detail.answer.maximum_cents;
  draw();
});

part('search').addEventListener('submit', (event) => {
  event.preventDefault();
  part('said').textContent = texts.found;
});

part('order').addEventListener('submit', (event) => {
  event.preventDefault();
  part('said').textContent = texts.ordered;
  const items = cart.filter((of) => of.count).map(item);
  const order = `demo-${Date.now()}`;
  layer.push({ ecommerce: null });
  layer.push({ event: 'purchase', ecommerce: { transaction_id: order, currency: 'EUR', shipping: SHIPPING_CENTS / 100, items } });
});
