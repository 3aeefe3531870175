"""What one shopper after another does in a shop, in the calls of the Segment family."""

import json


def shopper_messages(count, prefix):
    """Gives `count` calls with message ids that begin with `prefix`: orders, pages, products seen, and who it is."""
    calls = [identify, page, viewed, ordered, viewed]
    for number in range(count):
        who = {"user_id": f"{prefix}-{number % 7}", "anonymous_id": f"anonymous-{prefix}-{number % 7}"}
        call, said = calls[number % len(calls)](number)
        yield call, {**who, "message_id": f"{prefix}-message-{number}", **said}


def identify(number):
    return "identify", {"traits": {"email": f"shopper-{number}@example.com", "plan": "club"}}


def page(_number):
    return "page", {"name": "Tea", "properties": {"path": "/tea", "url": "https://shop.example/tea?utm_source=mail"}}


def viewed(number):
    properties = {"product_id": f"p-{number % 3}", "category": "TEA", "price": 19.99, "currency": "EUR"}
    return "track", {"event": "Product Viewed", "properties": properties}


def ordered(number):
    product = {"product_id": "p-1", "name": "Earl Grey", "category": "TEA", "price": 19.99, "quantity": 2}
    amounts = {"total": 44.97, "shipping": 4.99, "tax": 6.38, "discount": 0, "coupon": ""}
    properties = {"order_id": f"o-{number}", "currency": "EUR", **amounts, "products": [product]}
    return "track", {"event": "Order Completed", "properties": properties}


def report(**outcome):
    """Prints what became of the messages, for the test to read."""
    print(json.dumps(outcome), flush=True)
