// What one shopper after another does in a shop, in the calls of the Segment family.

/** Gives `count` messages with ids that begin with `prefix`: orders, pages, products seen, and who it is. */
export function* shopperMessages(count, prefix) {
  const calls = [identify, page, viewed, ordered, viewed];
  for (let number = 0; number < count; number += 1) {
    const who = { userId: `${prefix}-${number % 7}`, anonymousId: `anonymous-${prefix}-${number % 7}` };
    yield { ...who, messageId: `${prefix}-message-${number}`, ...calls[number % calls.length](number) };
  }
}

const identify = (number) => ({ call: 'identify', traits: { email: `shopper-${number}@example.com`, plan: 'club' } });

const page = () => ({ call: 'page', name: 'Tea', properties: { path: '/tea', url: 'https://shop.example/tea?utm_source=mail' } });

const viewed = (number) => ({
  call: 'track', event: 'Product Viewed',
  properties: { product_id: `p-${number % 3}`, category: 'TEA', price: 19.99, currency: 'EUR' },
});

const ordered = (number) => ({
  call: 'track', event: 'Order Completed',
  properties: {
    order_id: `o-${number}`, currency: 'EUR', total: 44.97, shipping: 4.99, tax: 6.38, discount: 0, coupon: '',
    products: [{ product_id: 'p-1', name: 'Earl Grey', category: 'TEA', price: 19.99, quantity: 2 }],
  },
});

/** Prints what became of the messages, for the test to read. */
export function report(outcome) {
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
