// The pages of a shop that the tag is tried on.

/** Everything the tag can see, on one page: longer than a window, with zones, a search, a cart, a form and a slot. */
export const CART = `
  <h1>Your cart</h1>
  <form role="search" id="search"><label>Search <input id="query" name="q"></label></form>
  <button id="add" data-wink-cart="add" data-wink-product="assam" data-wink-price="14.90" data-wink-category="TEA">Add</button>
  <p id="outside">Not a zone.</p>
  <div id="shipping" data-wink-zone="shipping"><p id="shipping-text">Shipping: 4.90 euro.</p><button id="why">Why?</button></div>
  <div id="slot" data-wink-slot="shipping" data-placement="cart/shipping" data-cart-cents="2740"></div>
  <label>Postcode <input id="postcode" data-wink-field="postcode"></label>
  <a id="away" href="/other?secret=yes">Elsewhere</a>
  <div id="long" data-wink-zone="long"></div>
  <script nonce="page">
    document.querySelector('#long').style.height = '3000px';
    document.querySelector('#search').addEventListener('submit', (event) => event.preventDefault());
  </script>`;

/** A page that is there to be left. */
export const OTHER = '<h1>Another page</h1><a id="back" href="/cart">Cart</a>';
