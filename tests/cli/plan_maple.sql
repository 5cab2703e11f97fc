-- Maple Valley shared savings, edition 2024: 2024 as SQL of DuckDB
--
-- Months are counted from year 0: 12 * year + month - 1. `clock` is the first month of a row's
-- period (of contract years their number), `m1`, `m2` and `mn` the first and last month left of it
-- and how many, `d1` and `d2` their first and last day. `v` is a value: numbers are integers at
-- fixed decimal places. `f` is the number of a fault, listed at the end; only faults of rows that
-- something asks for count.

-- n / d rounded toward zero, where its rest is wanted too
CREATE OR REPLACE TEMP MACRO cut_div(n, d) AS
n // d;

-- n / d rounded to the nearest integer, ties away from zero, of an even d above 0
CREATE OR REPLACE TEMP MACRO half_up_step(n, d) AS
(n + CASE WHEN n < 0 THEN -(d // 2) ELSE d // 2 END) // d;

-- q + r / d rounded to the nearest integer, ties to the even one, of a quotient q that left r
CREATE OR REPLACE TEMP MACRO half_even_rest(q, r, d) AS
q + (abs(r) + (q & 1) > abs(d) - abs(r))::INTEGER * sign(r) * sign(d);

-- n / d rounded to the nearest integer, ties to the even one
CREATE OR REPLACE TEMP MACRO half_even_div(n, d) AS
half_even_rest(n // d, n - n // d * d, d);

-- q + r / d rounded to the nearest integer, ties to the even one, of a quotient q that left r
CREATE OR REPLACE TEMP MACRO half_even_product(a, b, d) AS
half_even_rest(
  a // d * b + ((a - a // d * d) * b) // d,
  ((a - a // d * d) * b) - ((a - a // d * d) * b) // d * d,
  d
);

-- q + r / d rounded to the nearest integer, ties away from zero, of a quotient q that left r
CREATE OR REPLACE TEMP MACRO half_up_rest(q, r, d) AS
q + (abs(r) >= abs(d) - abs(r))::INTEGER * sign(r) * sign(d);

-- n / d rounded to the nearest integer, ties away from zero
CREATE OR REPLACE TEMP MACRO half_up_div(n, d) AS
half_up_rest(n // d, n - n // d * d, d);

-- q + r / d rounded to the nearest integer, ties away from zero, of a quotient q that left r
CREATE OR REPLACE TEMP MACRO half_up_product(a, b, d) AS
half_up_rest(
  a // d * b + ((a - a // d * d) * b) // d,
  ((a - a // d * d) * b) - ((a - a // d * d) * b) // d * d,
  d
);

-- q + r / d rounded toward zero, of a quotient q that left r
CREATE OR REPLACE TEMP MACRO down_rest(q, r, d) AS
q;

-- n / d rounded toward zero
CREATE OR REPLACE TEMP MACRO down_div(n, d) AS
down_rest(n // d, n - n // d * d, d);

-- q + r / d rounded toward zero, of a quotient q that left r
CREATE OR REPLACE TEMP MACRO down_product(a, b, d) AS
down_rest(
  a // d * b + ((a - a // d * d) * b) // d,
  ((a - a // d * d) * b) - ((a - a // d * d) * b) // d * d,
  d
);

-- q + r / d rounded away from zero, of a quotient q that left r
CREATE OR REPLACE TEMP MACRO up_rest(q, r, d) AS
q + (abs(r) > 0)::INTEGER * sign(r) * sign(d);

-- n / d rounded away from zero
CREATE OR REPLACE TEMP MACRO up_div(n, d) AS
up_rest(n // d, n - n // d * d, d);

-- q + r / d rounded away from zero, of a quotient q that left r
CREATE OR REPLACE TEMP MACRO up_product(a, b, d) AS
up_rest(
  a // d * b + ((a - a // d * d) * b) // d,
  ((a - a // d * d) * b) - ((a - a // d * d) * b) // d * d,
  d
);

-- n / d cut to a whole, of months and other small integers
CREATE OR REPLACE TEMP MACRO quotient(n, d) AS
n // d;

-- the first day of a month that is counted from year 0
CREATE OR REPLACE TEMP MACRO month_day(m) AS
make_date(m // 12, m % 12 + 1, 1);

-- how many days b is after a
CREATE OR REPLACE TEMP MACRO days_between(a, b) AS
b - a;

-- the integers from a to b, both included
CREATE OR REPLACE TEMP MACRO sequence(a, b) AS
range(a, b + 1);

-- the n-th value of a list, counted from the smallest as 1
CREATE OR REPLACE TEMP MACRO nth_smallest(l, n) AS
list_sort(l)[n];

-- a month as one bit of a set of months, of which no two are a year apart
CREATE OR REPLACE TEMP MACRO month_bit(m) AS
1 << (m % 12)::INTEGER;

-- whether such a set has a month
CREATE OR REPLACE TEMP MACRO has_month(s, m) AS
(s >> (m % 12)::INTEGER) & 1 = 1;

-- payers of the program, with the first month that each owes; a row for each payer
CREATE OR REPLACE TEMP TABLE payers (payer STRING, first_month INTEGER);

INSERT INTO payers VALUES ('blue', 24288), ('green', 24288);

-- each practice with the month in which its first contract year starts; a row for each practice
CREATE OR REPLACE TEMP TABLE practices (practice STRING, start INTEGER);

-- the months in which each practice is there, from `a` to `b`; a row for each practice and span
CREATE OR REPLACE TEMP TABLE presence (practice STRING, a INTEGER, b INTEGER);

-- months of the term; a row for each month
CREATE OR REPLACE TEMP TABLE months (month INTEGER);

INSERT INTO months
VALUES
  (24288), (24289), (24290), (24291), (24292), (24293), (24294), (24295), (24296), (24297), (24298),
  (24299);

-- lines of business of each payer; a row for each payer and line
CREATE OR REPLACE TEMP TABLE payer_lines (payer STRING, line STRING);

INSERT INTO payer_lines
VALUES ('blue', 'commercial'), ('green', 'commercial');

-- who is there when: months of the term by payer; a row for each payer, practice and month
CREATE OR REPLACE TEMP TABLE held_payer_practice AS
SELECT pa.payer, pr.practice, m.month
FROM months m
  JOIN payers pa ON m.month >= pa.first_month
  JOIN presence pr ON m.month BETWEEN pr.a AND pr.b
ORDER BY payer, practice, month;

-- the grid: rows of which a month is left; a row for each payer, practice and month
CREATE OR REPLACE TEMP TABLE rows_payer_practice_month AS
SELECT payer, practice, clock, m1, m2, mn, d1, d2
FROM (
  SELECT *, month_day(m1) AS d1, (month_day(m2 + 1) - INTERVAL 1 DAY)::DATE AS d2
  FROM (
    SELECT
      payer, practice, clock,
      min(month) AS m1,
      max(month) AS m2,
      CAST(count(*) AS INTEGER) AS mn
    FROM (SELECT payer, practice, CAST(month AS INTEGER) AS clock, month FROM held_payer_practice)
    GROUP BY payer, practice, clock
  )
);

-- verdicts: each requirement, whether all that are asked hold, and the first missed; a row for each
-- payer, practice and month
CREATE OR REPLACE TEMP TABLE participation AS
SELECT payer, practice, clock AS month, true AS participates, '' AS missed, NULL::INTEGER AS f
FROM (
  SELECT r.payer, r.practice, r.clock, r.m1, r.m2, r.mn, r.d1, r.d2
  FROM rows_payer_practice_month AS r
);

-- what decided each verdict: both sides of the comparisons that were demanded; a row for each
-- payer, practice and month
CREATE OR REPLACE TEMP TABLE verdict_atoms AS
SELECT payer, practice, clock AS month
FROM (
  SELECT r.payer, r.practice, r.clock, r.m1, r.m2, r.mn, r.d1, r.d2
  FROM rows_payer_practice_month AS r
);

-- the grid: rows of which a month is left; a row for each payer, practice and year
CREATE OR REPLACE TEMP TABLE rows_payer_practice_year AS
SELECT payer, practice, clock, m1, m2, mn, d1, d2
FROM (
  SELECT *, month_day(m1) AS d1, (month_day(m2 + 1) - INTERVAL 1 DAY)::DATE AS d2
  FROM (
    SELECT
      payer, practice, clock,
      min(month) AS m1,
      max(month) AS m2,
      CAST(count(*) AS INTEGER) AS mn
    FROM (
      SELECT payer, practice, CAST((quotient(month, 12) * 12) AS INTEGER) AS clock, month
      FROM held_payer_practice
    )
    GROUP BY payer, practice, clock
  )
);

-- facts of table `practice_payer_year`, months counted from year 0; a row for each practice, payer
-- and year
CREATE OR REPLACE TEMP TABLE fact_practice_payer_year AS
SELECT
  true AS hit,
  "practice_id" AS practice,
  "payer" AS payer,
  "year" AS year,
  "target" AS v_target,
  "spending" AS v_spending,
  "quality" AS v_quality
FROM "practice_payer_year";

-- `savings`; a row for each payer, practice and year
-- maple.mh:20
--   define savings = target - spending
CREATE OR REPLACE TEMP TABLE q_savings AS
SELECT payer, practice, clock, true AS hit, c1_1 AS v, c1_2 AS f
FROM (
  SELECT
    *,
    (v_target - v_spending) AS c1_1,
    coalesce(CASE WHEN v_target IS NULL THEN 1 END, CASE WHEN v_spending IS NULL THEN 2 END) AS c1_2
  FROM (
    SELECT
      r.payer, r.practice, r.clock, r.m1, r.m2, r.mn, r.d1, r.d2,
      fact_practice_payer_year.v_target AS v_target,
      fact_practice_payer_year.v_spending AS v_spending
    FROM rows_payer_practice_year AS r
      LEFT JOIN fact_practice_payer_year
        ON fact_practice_payer_year.practice = r.practice
        AND fact_practice_payer_year.payer = r.payer
        AND fact_practice_payer_year.year = quotient(r.clock, 12)
  )
);

-- parameter `rate` from month `a` to month `b`; a row for each payer and span of months
-- maple.mh:18
--   parameter rate : % = 40%, 50% from 2025-01-01   assumed "no source names it"
CREATE OR REPLACE TEMP TABLE set_rate AS
SELECT *
FROM (
  VALUES
    ('green', 24288, 24299, 400000::BIGINT),
    ('green', 24300, 1000000, 500000::BIGINT),
    ('blue', 24288, 24299, 400000::BIGINT),
    ('blue', 24300, 1000000, 500000::BIGINT)
) AS t(payer, a, b, v);

-- lines of payment `shared_savings`; a row for each payer, practice and posting period
-- maple.mh:22
--   payment shared_savings "Shared savings" {
--     per practice per year
--     gate savings "Savings of at least 2%"  : savings > $0 and savings >= 2% of target
--     gate quality "Quality of at least 70%" : quality >= 70%
--     pays    rate of savings
--     at most 10% of target
--   }
CREATE OR REPLACE TEMP TABLE lines_shared_savings AS
SELECT
  payer, practice, clock, m1, m2, mn,
  CASE
    WHEN (CASE WHEN participation_participates THEN 1 ELSE 0 END) = 0 THEN 'not_participating'
    WHEN NOT c2_1 THEN 'gated'
    WHEN NOT (v_quality >= 7::BIGINT * 100000::BIGINT) THEN 'gated'
    ELSE 'paid'
  END AS status,
  CASE
    WHEN (CASE WHEN participation_participates THEN 1 ELSE 0 END) = 0 THEN participation_missed
    WHEN NOT c2_1 THEN 'savings'
    WHEN NOT (v_quality >= 7::BIGINT * 100000::BIGINT) THEN 'quality'
    ELSE ''
  END AS reason,
  CASE
    WHEN ((CASE WHEN participation_participates THEN 1 ELSE 0 END) = 0)
      OR (NOT c2_1)
      OR (NOT (v_quality >= 7::BIGINT * 100000::BIGINT)) THEN 0::HUGEINT
    ELSE 1000000000000::HUGEINT
  END AS units,
  CASE
    WHEN ((CASE WHEN participation_participates THEN 1 ELSE 0 END) = 0)
      OR (NOT c2_1)
      OR (NOT (v_quality >= 7::BIGINT * 100000::BIGINT)) THEN NULL
    ELSE NULL
  END AS price,
  CASE
    WHEN ((CASE WHEN participation_participates THEN 1 ELSE 0 END) = 0)
      OR (NOT c2_1)
      OR (NOT (v_quality >= 7::BIGINT * 100000::BIGINT)) THEN 0::HUGEINT
    ELSE half_up_step(c2_3, 1000000::HUGEINT)::BIGINT
  END AS amount,
  coalesce(practice, '') AS payee,
  CASE
    WHEN f_participation IS NOT NULL THEN f_participation
    WHEN (CASE WHEN participation_participates THEN 1 ELSE 0 END) = 0 THEN NULL
    WHEN c2_2 IS NOT NULL THEN c2_2
    WHEN NOT c2_1 THEN NULL
    WHEN CASE WHEN v_quality IS NULL THEN 6 END IS NOT NULL THEN CASE
      WHEN v_quality IS NULL THEN 6
    END
    WHEN NOT (v_quality >= 7::BIGINT * 100000::BIGINT) THEN NULL
    ELSE coalesce(c1_4, c1_6, CASE WHEN c2_3 < 0 THEN 10 END)
  END AS f
FROM (
  SELECT
    *,
    ((v_savings > 0::BIGINT) AND (v_savings * 100::BIGINT >= c1_1)) AS c2_1,
    CASE
      WHEN f_savings_2 IS NOT NULL
        OR f_savings_3 IS NOT NULL
        OR c1_2 IS NOT NULL THEN CASE
          WHEN f_savings_2 IS NOT NULL THEN f_savings_2
          WHEN NOT (v_savings > 0::BIGINT) THEN NULL
          WHEN coalesce(f_savings_3, c1_2) IS NOT NULL THEN coalesce(f_savings_3, c1_2)
        END
    END AS c2_2,
    least((c1_3::HUGEINT * 1::BIGINT), c1_5 * 100000::HUGEINT) AS c2_3
  FROM (
    SELECT
      *,
      (2::BIGINT * v_target) AS c1_1,
      CASE WHEN v_target IS NULL THEN 5 END AS c1_2,
      (v_rate::HUGEINT * v_savings) AS c1_3,
      coalesce(CASE WHEN v_rate IS NULL THEN 7 END, f_savings_4) AS c1_4,
      (1::BIGINT * v_target) AS c1_5,
      CASE WHEN v_target IS NULL THEN 9 END AS c1_6
    FROM (
      SELECT
        r.payer, r.practice, r.clock, r.m1, r.m2, r.mn, r.d1, r.d2,
        participation.participates AS participation_participates,
        participation.missed AS participation_missed,
        participation.f AS f_participation,
        q_savings.v AS v_savings,
        q_savings.f AS f_savings,
        coalesce(q_savings.f, CASE WHEN q_savings.hit IS NULL THEN 3 END) AS f_savings_2,
        coalesce(q_savings.f, CASE WHEN q_savings.hit IS NULL THEN 4 END) AS f_savings_3,
        fact_practice_payer_year.v_target AS v_target,
        fact_practice_payer_year.v_quality AS v_quality,
        set_rate.v AS v_rate,
        coalesce(q_savings.f, CASE WHEN q_savings.hit IS NULL THEN 8 END) AS f_savings_4
      FROM rows_payer_practice_year AS r
        LEFT JOIN participation
          ON participation.payer = r.payer
          AND participation.practice = r.practice
          AND participation.month = r.m2
        LEFT JOIN q_savings
          ON q_savings.payer = r.payer
          AND q_savings.practice = r.practice
          AND q_savings.clock = r.clock
        LEFT JOIN fact_practice_payer_year
          ON fact_practice_payer_year.practice = r.practice
          AND fact_practice_payer_year.payer = r.payer
          AND fact_practice_payer_year.year = quotient(r.clock, 12)
        LEFT JOIN set_rate ON set_rate.payer = r.payer AND r.m1 BETWEEN set_rate.a AND set_rate.b
      WHERE r.payer IN ('blue', 'green')
    )
  )
);

-- Faults:
-- 1: MH701, fact is demanded and has no row at maple.mh:20: target
-- 2: MH701, fact is demanded and has no row at maple.mh:20: spending
-- 3: MH999, internal error at maple.mh:24: savings
-- 4: MH999, internal error at maple.mh:24: savings
-- 5: MH701, fact is demanded and has no row at maple.mh:24: target
-- 6: MH701, fact is demanded and has no row at maple.mh:25: quality
-- 7: MH703, parameter is demanded where it is blank at maple.mh:26: rate
-- 8: MH999, internal error at maple.mh:26: savings
-- 9: MH701, fact is demanded and has no row at maple.mh:27: target
-- 10: MH706, negative amount in a payment without `downside` at maple.mh:26: rate of savings
