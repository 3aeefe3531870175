-- One redemption: the coupon is locked and looked at, counted, written down twice, and the budget is taken from last, so that its row is
-- locked for as short as can be.
\set id random(1, 100000)
BEGIN;
SELECT worth_cents FROM coupon WHERE id = :id AND uses < uses_max AND now() < valid_until FOR UPDATE;
UPDATE coupon SET uses = uses + 1 WHERE id = :id;
WITH redeemed AS (INSERT INTO redemption (coupon, order_id, amount_cents) VALUES (:id, gen_random_uuid()::text, 100) RETURNING id)
INSERT INTO entry (redemption, account, amount_cents)
SELECT id, account, amount FROM redeemed, (VALUES ('reserved', -100), ('spent', 100)) AS booked (account, amount);
UPDATE budget SET spent_cents = spent_cents + 100 WHERE id = 1 AND spent_cents + 100 <= cap_cents;
COMMIT;
