-- The least that can be called a redemption: one row, if it still may.
\set id random(1, 100000)
UPDATE coupon SET uses = uses + 1 WHERE id = :id AND uses < uses_max;
