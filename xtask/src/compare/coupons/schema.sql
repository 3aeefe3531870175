-- A shop's coupons as somebody would keep them by hand: one campaign whose budget every redemption takes from.
CREATE TABLE budget (id int PRIMARY KEY, cap_cents bigint NOT NULL, spent_cents bigint NOT NULL CHECK (spent_cents <= cap_cents));
CREATE TABLE coupon (id int PRIMARY KEY, budget int NOT NULL REFERENCES budget, worth_cents bigint NOT NULL, uses int NOT NULL,
    uses_max int NOT NULL, valid_until timestamptz NOT NULL);
CREATE TABLE redemption (id bigserial PRIMARY KEY, coupon int NOT NULL, order_id text NOT NULL UNIQUE, amount_cents bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now());
CREATE TABLE entry (id bigserial PRIMARY KEY, redemption bigint NOT NULL, account text NOT NULL, amount_cents bigint NOT NULL);
INSERT INTO budget VALUES (1, 9000000000, 0);
INSERT INTO coupon SELECT id, 1, 100, 0, 1000000, now() + interval '28 days' FROM generate_series(1, 100000) AS id;
VACUUM ANALYZE;
