"""Holds Wink's features against an as-of join in SQL, written from what the features mean.

Called by `cargo xtask compare features` with the directory that the example `feature_history` of `wink-server` made, and in which
`wink features as-of` wrote `as_of.csv`. Three answers to the same questions are compared, cell by cell:

* online: what was read while the messages came in,
* replay: what `wink features as-of` folds out of the journal,
* SQL: an as-of join over the messages as they were sent, in DuckDB.

Online and replay differ in two things on purpose: whose devices are whose, and who allows what, is as of then online and as of today in the
replay. So each is held against the join that says the same. Numbers may differ by 1e-9 of their size, as floating point adds in another order; nothing else is
tolerated, and a known value is never equal to an unknown one.

Prints rows for the report as JSON lines; every difference goes to `differences.csv` in the directory.
"""

import json
import math
import sys
from pathlib import Path

import duckdb

DAY = 86_400_000
TOLERANCE = 1e-9

# Whoever does one of these is at it: a session is what lies between two pauses of half an hour.
ACTIVITY = """Cart Viewed|Checkout Started|Checkout Step Completed|Checkout Step Viewed|Code Copied|Coupon Entered|Cursor Stopped
Element Viewed|Field Abandoned|Hesitated|Order Completed|Page|Page Engaged|Payment Info Entered|Product Added|Product Added to Wishlist
Product Clicked|Product List Filtered|Product List Viewed|Product Removed|Product Viewed|Products Searched|Rage Click|Screen"""

ORDER = ["Order Completed"]
VIEWED = ["Product Viewed"]
VISIT = ["Page", "Screen", "Product Viewed"]
RETURN = ["Return Requested", "Order Refunded"]
CHECKOUT = ["Checkout Started", "Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered"]


def named(events):
    return "name in (" + ", ".join(f"'{event}'" for event in events) + ")"


def over(aggregate, events, days=None, only=None):
    """An aggregate of some events, over all that is known or over so many days of UTC, today included."""
    conditions = [named(events)]
    conditions += [f"day > today - {days}"] if days else []
    conditions += [only] if only else []
    return f"{aggregate} filter ({' and '.join(conditions)})"


def count(events, days, only=None):
    return over("count(*)", events, days, only)


def total(field, events, days):
    return f"coalesce({over(f'sum({field})', events, days)}, 0)"


def share(part, whole):
    return f"({part}) / nullif({whole}, 0)"


def since(events, unit=DAY):
    return f"(now - {over('max(happened)', events)}) // {unit}"


def in_session(aggregate, events):
    return f"{aggregate} filter ({named(events)} and minute >= session_from)"


def features():
    """Lists features: name, value, events that tell its age, days after which it is not served, what is said without events."""
    orders = lambda name, value, days=366: (name, value, ORDER, days, None)
    gap = (
        f"({over('max(day)', ORDER)} - {over('min(day)', ORDER)}) / nullif({over('count(distinct day)', ORDER)} - 1, 0)"
    )
    yield orders("recency_days", since(ORDER), None)
    for days in (28, 56, 112, 365):
        yield orders(f"orders_{days}d", count(ORDER, days))
    for days in (28, 365):
        yield orders(f"sales_cents_{days}d", total("cents", ORDER, days))
    yield orders("order_gap_days", gap)
    yield orders("basket_cents", share(total("cents", ORDER, 365), count(ORDER, 365)))
    yield orders("basket_lines", share(total("lines", ORDER, 365), count(ORDER, 365)))
    yield orders("coupons_used_365d", count(["Coupon Applied", "Coupon Redeemed"], 365))
    yield orders("discount_share_365d", share(total("discount", ORDER, 365), total("discount + cents", ORDER, 365)))
    yield orders("order_days_365d", over("count(distinct day)", ORDER, 365))
    yield orders("customer_days", f"(now - {over('min(happened)', ORDER)}) // {DAY}", None)
    yield orders("first_basket_cents", over("arg_min(cents, happened)", ORDER), None)
    yield orders("last_basket_cents", over("arg_max(cents, happened)", ORDER))
    yield orders("basket_cents_max_365d", over("max(cents)", ORDER, 365))
    yield orders("sales_cents_decayed", over("sum(cents * power(2, -(today - day) / 56))", ORDER))
    yield orders("discounted_orders_share_365d", share(count(ORDER, 365, "discount > 0"), count(ORDER, 365)))
    yield orders("store_orders_share_365d", share(count(ORDER, 365, "store is not null"), count(ORDER, 365)))
    yield orders("weekend_orders_share_365d", share(count(ORDER, 365, "isodow(local) >= 6"), count(ORDER, 365)))
    evening = "hour(local) >= 17 and hour(local) < 22"
    yield orders("evening_orders_share_365d", share(count(ORDER, 365, evening), count(ORDER, 365)))
    yield orders("order_overdue", f"({since(ORDER)}) / ({gap})")
    yield orders("order_trend", share(f"{count(ORDER, 28)} * 4.0", count(ORDER, 112)))

    for name, event in (("emails_opened_28d", "Email Opened"), ("email_clicks_28d", "Email Link Clicked")):
        yield name, count([event], 28), [event], 90, None
    delivered = ["Email Delivered"]
    yield "email_open_share_90d", f"least({share(count(['Email Opened'], 90), count(delivered, 90))}, 1)", delivered, 366, None
    left = ["Unsubscribed", "Email Marked as Spam"]
    yield "unsubscribes_365d", count(left, 365), left, 366, 0

    yield "last_visit_days", since(VISIT), VISIT, None, None
    yield "visit_days_28d", over("count(distinct day)", VISIT, 28), VISIT, 90, None
    for days in (7, 28):
        yield f"products_viewed_{days}d", count(VIEWED, days), VIEWED, 90, None
    yield "price_viewed_cents_min_28d", over("min(price)", VIEWED, 28), VIEWED, 90, None
    for name, event, days in (
        ("searches_7d", "Products Searched", 7),
        ("wishlist_adds_28d", "Product Added to Wishlist", 28),
        ("store_visits_28d", "Store Entered", 28),
        ("cart_adds_28d", "Product Added", 28),
        ("checkouts_28d", "Checkout Started", 28),
    ):
        yield name, count([event], days), [event], 90, None
    yield "cart_minutes", since(["Product Added"], 60_000), ["Product Added"], 30, None

    refunded = ["Order Refunded"]
    yield "returned_cents_365d", total("total_cents", refunded, 365), refunded, 366, None
    for name, event, days in (("tickets_90d", "Support Ticket Opened", 90), ("complaints_365d", "Complaint Made", 365)):
        yield name, count([event], days), [event], 366, 0
    for name, event in (("last_ticket_days", "Support Ticket Opened"), ("last_complaint_days", "Complaint Made")):
        yield name, since([event]), [event], None, None

    for name, events in (
        ("session_products_viewed", VIEWED),
        ("session_searches", ["Products Searched"]),
        ("session_lists_viewed", ["Product List Viewed"]),
        ("session_pages", ["Page", "Screen"]),
        ("session_cart_adds", ["Product Added"]),
        ("session_cart_removes", ["Product Removed"]),
        ("session_cart_views", ["Cart Viewed"]),
        ("session_checkout_steps", CHECKOUT),
        ("session_orders", ORDER),
    ):
        yield name, in_session("count(*)", events), "session", None, None
    engaged = ["Page Engaged"]
    yield "session_dwell_ms", f"coalesce({in_session('sum(dwell)', engaged)}, 0)", "session", None, None
    yield "session_quick_backs", f"coalesce({in_session('sum(quick_back)', engaged)}, 0)", "session", None, None
    yield "session_scroll_pct", in_session("avg(scroll)", engaged), "session", None, None


def prepare(sql, directory):
    """Reads the messages as they were sent. What is garbled is no event, and what comes twice counts once."""
    activity = ", ".join(f"'{event}'" for event in ACTIVITY.replace("\n", "|").split("|"))
    sql.execute(f"""
        create table message as select * from read_json('{directory}/messages.ndjson', format = 'newline_delimited', columns = {{
            message_id: 'varchar', event: 'varchar', identities: 'struct(namespace varchar, value varchar)[]',
            arrived_ms: 'bigint', occurred_ms: 'bigint', properties: 'json' }});
        create table event as
        select event as name, occurred_ms as happened, arrived_ms, occurred_ms // {DAY} as day, occurred_ms // 60000 as minute,
            event in ({activity}) as is_active,
            timezone('Europe/Berlin', timezone('UTC', epoch_ms(occurred_ms))) as local,
            list_filter(identities, lambda one: one.namespace = 'customer')[1].value as customer,
            list_filter(identities, lambda one: one.namespace = 'device')[1].value as device,
            regexp_extract(coalesce(customer, device), '^[cd]-([0-9]+)', 1) as person,
            list_sum(list_transform(from_json(properties -> 'products', '["json"]'),
                lambda line: (line ->> 'total_cents')::bigint)) as cents,
            list_sum(list_transform(from_json(properties -> 'products', '["json"]'),
                lambda line: coalesce((line ->> 'discount_cents')::bigint, 0))) as discount,
            json_array_length(properties -> 'products') as lines,
            properties ->> 'store_id' as store,
            (properties ->> 'price_cents')::bigint as price,
            (properties ->> 'total_cents')::bigint as total_cents,
            try_cast(properties ->> 'dwell_ms' as bigint) as dwell,
            (properties ->> 'scroll_pct')::double as scroll,
            (properties ->> 'quick_back')::boolean::int as quick_back,
            properties ->> 'purpose' as purpose, properties ->> 'state' as state
        from message
        where len(identities) > 0 and not (event = 'Page Engaged' and json_type(properties -> 'dwell_ms') = 'VARCHAR')
        qualify row_number() over (partition by message_id order by arrived_ms) = 1;
        delete from event where person = '';
        create table device as
        select device, min(arrived_ms) as known_from from event where customer is not null and device is not null group by device;
        create table question as
        select row_number() over () as place, identity, "at" as told, regexp_extract(identity, 'c-([0-9]+)', 1) as person,
            epoch_ms("at"::timestamp) as now
        from read_csv('{directory}/questions.csv', header = true, all_varchar = true);
    """)


def as_of(sql, listed, arrived, joined, allowed):
    """Answers the questions: `arrived` says which events are known at an instant, `joined` which devices are the person's, and `allowed` which
    words of theirs count."""
    columns = ",\n".join(f"{guarded(*rest)} as {name}" for name, *rest in listed)
    rows = sql.execute(f"""
        with known as (
            select place, now, now // {DAY} as today, now // 60000 as this_minute, event.*,
                lag(minute) over (partition by place, is_active order by minute) as before
            from question join event using (person) left join device using (device)
            where {arrived} and (customer is not null or {joined})
        ), session as (
            select place, max(minute) as session_last,
                max(minute) filter (before is null or minute - before >= 30) as session_from
            from known where is_active group by place
        ), consent as (
            select place, arg_max(state, happened) as word from question join event using (person)
            where name = 'Consent Updated' and purpose = 'personalisation' and {allowed} group by place
        ), answer as (
            select place, {columns}
            from known left join session using (place)
            group by place, now, today, this_minute, session_from, session_last
        )
        select question.place, {", ".join(f"case when word = 'granted' then {said(name, never)} end" for name, *_, never in listed)}
        from question left join answer using (place) left join consent using (place) order by question.place
    """).fetchall()
    return [row[1:] for row in rows]


def said(name, never):
    """Of whom no event is known at all, what is said without events."""
    return name if never is None else f"coalesce(answer.{name}, if(answer.place is null, {never}, null))"


def guarded(value, age, days, never):
    """Nothing without an event that tells the age, and nothing that is too old."""
    if age == "session":
        return f"case when this_minute - session_last < 30 then {value} end"
    newest = over("max(happened)", age)
    unknown = "null" if never is None else str(never)
    served = f"when now - {newest} > {days * DAY} then null" if days else ""
    return f"case when {newest} is null then {unknown} {served} else {value} end"


def told(sql, path, listed):
    """Reads what Wink said, in the order of the questions."""
    names = ", ".join(f"{name}::double" for name, *_ in listed)
    return sql.execute(f"select {names} from read_csv('{path}', header = true, all_varchar = true)").fetchall()


def same(one, other):
    if one is None or other is None:
        return one is None and other is None
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def differences(listed, ours, theirs):
    if len(ours) != len(theirs):
        raise SystemExit(f"{len(ours)} answers on one side and {len(theirs)} on the other")
    for place, (one, other) in enumerate(zip(ours, theirs)):
        for (name, *_), left, right in zip(listed, one, other):
            if not same(left, right):
                yield place, name, left, right


def main():
    directory = Path(sys.argv[1])
    listed = list(features())
    sql = duckdb.connect()
    print("reading the messages into DuckDB", file=sys.stderr)
    prepare(sql, directory)
    print(f"joining {len(listed)} features", file=sys.stderr)
    then = as_of(sql, listed, "arrived_ms <= now", "known_from <= now", "arrived_ms <= now")
    today = as_of(sql, listed, "arrived_ms <= now", "known_from is not null", "true")
    by_event_time = as_of(sql, listed, "happened <= now", "known_from <= now", "arrived_ms <= now")
    online, replay = (told(sql, directory / name, listed) for name in ("online.csv", "as_of.csv"))
    questions = sql.execute("select identity, told from question order by place").fetchall()

    found = [("online", *one) for one in differences(listed, online, then)]
    found += [("replay", *one) for one in differences(listed, replay, today)]
    with open(directory / "differences.csv", "w") as out:
        out.write("path,identity,at,feature,wink,sql\n")
        for path, place, name, wink, other in found:
            line = f"{path},{','.join(questions[place])},{name},{wink},{other}\n"
            out.write(line)
            print(line, end="", file=sys.stderr)

    messages, events = sql.execute("select (select count(*) from message), (select count(*) from event)").fetchone()
    known = sum(value is not None and value != 0 for row in then for value in row)
    row = lambda name, value, unit, target=None, met=None: print(
        json.dumps({"name": name, "value": value, "unit": unit, "target": target, "met": met})
    )
    row("features: messages sent", messages, "messages")
    row("features: accepted of shoppers, each once", events, "events")
    row("features: questions at 200 instants", len(questions), "questions")
    row("features: compared on each path", len(listed) * len(questions), "values")
    row("features: of them known and not zero", known, "values")
    for path in ("online", "replay"):
        count_of = sum(one[0] == path for one in found)
        row(f"features: {path} differs from SQL", count_of, "values", 0, count_of == 0)
    leaks = sum(1 for _ in differences(listed, online, by_event_time))
    row("features: a join by event time alone is caught by", leaks, "values", 1, leaks > 0)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
