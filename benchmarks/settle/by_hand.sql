-- The rules of five_payers.mh for 2024, as one would write them by hand for DuckDB: exact integers, staged tables.
-- Reads the tables that mhrules has loaded (amounts in cents) and makes `by_hand`: payer, practice, payment, period,
-- amount in cents. benchmarks/settle/run.py compares it with the postings of mhrules to the cent.

CREATE OR REPLACE MACRO half_up(n, d) AS ((2 * n + d) // (2 * d));
CREATE OR REPLACE MACRO half_even(n, d) AS
  n // d + CASE WHEN 2 * (n % d) > d OR (2 * (n % d) = d AND (n // d) % 2 = 1) THEN 1 ELSE 0 END;

CREATE OR REPLACE TEMP TABLE months AS
SELECT m AS month, make_date(2024, m, 1) AS first_day, make_date(2024, (m - 1) // 3 * 3 + 1, 1) AS refresh
FROM range(1, 13) t(m);

-- Practices and the months in which they are on the roster on the first day.
CREATE OR REPLACE TEMP TABLE here AS
SELECT p.practice_id AS practice, m.month, m.first_day FROM practice p JOIN months m
ON (p.effective_from IS NULL OR p.effective_from <= m.first_day)
AND (p.effective_to IS NULL OR m.first_day <= p.effective_to);

-- Claim lines from the year before on: few have further entries, only these are added up.
CREATE OR REPLACE TEMP TABLE corrected AS
SELECT DISTINCT claim_id, claim_line_number FROM medical_claim WHERE entry_number > 1;

CREATE OR REPLACE TEMP TABLE line AS
SELECT person_id AS member, payer, coalesce(claim_line_start_date, claim_start_date) AS date, practice_id AS place,
  service, allowed_amount AS allowed, claim_id
FROM medical_claim ANTI JOIN corrected USING (claim_id, claim_line_number)
WHERE denied IS NOT TRUE AND coalesce(claim_line_start_date, claim_start_date) BETWEEN DATE '2023-01-01' AND DATE '2024-12-31'
UNION ALL
SELECT * FROM (
  SELECT arg_min(person_id, entry_number), arg_min(payer, entry_number),
    arg_min(coalesce(claim_line_start_date, claim_start_date), entry_number) AS date, arg_min(practice_id, entry_number),
    arg_min(service, entry_number), sum(allowed_amount), claim_id
  FROM medical_claim SEMI JOIN corrected USING (claim_id, claim_line_number) WHERE denied IS NOT TRUE
  GROUP BY claim_id, claim_line_number
  HAVING count(*) = 1 OR sum(allowed_amount) <> 0 OR sum(paid_amount) <> 0)
WHERE date BETWEEN DATE '2023-01-01' AND DATE '2024-12-31';

-- Prescriptions cost what their entries come to.
CREATE OR REPLACE TEMP TABLE drug AS
SELECT person_id AS member, payer, month(date) AS month, sum(allowed) AS allowed FROM (
  SELECT arg_min(person_id, entry_number) AS person_id, arg_min(payer, entry_number) AS payer,
    arg_min(dispensing_date, entry_number) AS date, sum(allowed_amount) AS allowed
  FROM pharmacy_claim WHERE denied IS NOT TRUE GROUP BY claim_id, claim_line_number)
WHERE date BETWEEN DATE '2024-01-01' AND DATE '2024-12-31' GROUP BY ALL;

-- Who counts on the first day of a month.
CREATE OR REPLACE TEMP TABLE counted AS
SELECT DISTINCT e.payer, e.person_id AS member, m.month, m.first_day, m.refresh
FROM eligibility e JOIN member p USING (person_id) JOIN months m
ON m.first_day BETWEEN e.enrollment_start_date
  AND least(coalesce(e.enrollment_end_date, DATE '9999-12-31'), coalesce(p.death_date, DATE '9999-12-31'));

-- Most days with a visit in the twelve months before the quarter, then the latest, then the practice.
CREATE OR REPLACE TEMP TABLE assigned AS
WITH visit AS (SELECT DISTINCT member, place AS practice, date FROM line
    WHERE service = 'primary_care' AND place IN (SELECT practice_id FROM practice)),
found AS (
  SELECT v.member, q.refresh, v.practice, count(*) AS days, max(v.date) AS latest
  FROM visit v JOIN (SELECT DISTINCT refresh FROM months) q ON v.date < q.refresh AND v.date >= q.refresh - INTERVAL 12 MONTH
  GROUP BY ALL)
SELECT f.member, f.refresh, f.practice FROM found f JOIN here h ON h.practice = f.practice AND h.first_day = f.refresh
QUALIFY row_number() OVER (PARTITION BY f.member, f.refresh ORDER BY f.days DESC, f.latest DESC, f.practice) = 1;

CREATE OR REPLACE TEMP TABLE attributed AS
SELECT c.payer, a.practice, c.member, c.month, c.first_day FROM counted c
SEMI JOIN counted q ON q.payer = c.payer AND q.member = c.member AND q.first_day = c.refresh
JOIN assigned a ON a.member = c.member AND a.refresh = c.refresh
JOIN here h ON h.practice = a.practice AND h.month = c.month;

-- Fees by level of the practice and age on the first day.
CREATE OR REPLACE TEMP TABLE fees AS
WITH aged AS (
  SELECT a.payer, a.practice, a.month, d.level,
    CASE WHEN p.birth_date + INTERVAL 65 YEAR <= a.first_day THEN 2
      WHEN p.birth_date + INTERVAL 18 YEAR <= a.first_day THEN 1 ELSE 0 END AS band, count(*) AS members
  FROM attributed a JOIN member p ON p.person_id = a.member
  JOIN practice_dated d ON d.practice_id = a.practice AND d."from" <= a.first_day
    AND (d."to" IS NULL OR a.first_day <= d."to")
  GROUP BY ALL)
SELECT payer, practice, month, sum(members * CASE level WHEN 'one' THEN [215, 305, 555][band + 1]
  WHEN 'two' THEN [285, 415, 735][band + 1] ELSE [345, 525, 995][band + 1] END) AS amount
FROM aged GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE enhanced AS
SELECT l.payer, l.place AS practice, h.month, sum(half_up(12 * l.allowed, 100)) AS amount
FROM line l JOIN here h ON h.practice = l.place AND h.month = month(l.date)
WHERE l.service = 'primary_care' AND l.date >= DATE '2024-01-01' GROUP BY ALL;

-- What happened to the members of each practice in the months in which they were its members.
CREATE OR REPLACE TEMP TABLE own AS
SELECT a.payer, a.practice, a.member, l.place, l.date, l.service, l.claim_id, l.allowed
FROM attributed a JOIN line l ON l.member = a.member AND l.payer = a.payer AND month(l.date) = a.month
WHERE l.date >= DATE '2024-01-01';

CREATE OR REPLACE TEMP TABLE of_member AS
WITH present AS (SELECT payer, practice, member, count(*) AS months FROM attributed GROUP BY ALL),
ends AS (SELECT practice, last_day(max(first_day)) AS day FROM here GROUP BY practice),
medical AS (
  SELECT payer, practice, member, sum(allowed) AS allowed, bool_or(service = 'primary_care') AS seen,
    count(DISTINCT (place, date)) FILTER (WHERE service = 'emergency') AS emergency,
    count(DISTINCT claim_id) FILTER (WHERE service = 'inpatient') AS stays
  FROM own GROUP BY ALL),
drugs AS (SELECT a.payer, a.practice, a.member, sum(d.allowed) AS allowed
  FROM attributed a JOIN drug d ON d.member = a.member AND d.payer = a.payer AND d.month = a.month GROUP BY ALL)
SELECT p.payer, p.practice, p.member, p.months, coalesce(m.seen, false) AS seen, coalesce(m.emergency, 0) AS emergency,
  coalesce(m.stays, 0) AS stays, least(coalesce(m.allowed, 0) + coalesce(d.allowed, 0), 8500000) AS spent,
  b.birth_date + INTERVAL 18 YEAR <= e.day AS adult
FROM present p JOIN member b ON b.person_id = p.member JOIN ends e USING (practice)
LEFT JOIN medical m USING (payer, practice, member) LEFT JOIN drugs d USING (payer, practice, member);

-- Rates and points at 12 places, the score at 4, savings in cents.
CREATE OR REPLACE TEMP TABLE scored AS
WITH counts AS (
  SELECT payer, practice, sum(months) AS months, count(*) FILTER (WHERE adult) AS adults,
    count(*) FILTER (WHERE adult AND seen) AS seen, sum(emergency) AS emergency, sum(stays) AS stays, sum(spent) AS spent
  FROM of_member GROUP BY ALL),
rates AS (
  SELECT *, CASE WHEN adults >= 20 THEN half_even(seen * 1000000000000::HUGEINT, adults) END AS r1,
    CASE WHEN months >= 120 THEN half_even(emergency * 1000000000000000::HUGEINT, months) END AS r2,
    CASE WHEN months >= 120 THEN half_even(stays * 1000000000000000::HUGEINT, months) END AS r3
  FROM counts),
points AS (
  SELECT *, CASE WHEN r1 IS NOT NULL THEN (least(greatest(r1, 300000000000), 700000000000) - 300000000000) * 25 END AS p1,
    CASE WHEN r2 IS NOT NULL
      THEN half_even(60000000000000 - least(greatest(r2, 10000000000000), 60000000000000), 5) END AS p2,
    CASE WHEN r3 IS NOT NULL
      THEN half_even(5 * (16000000000000 - least(greatest(r3, 2000000000000), 16000000000000)), 14) END AS p3,
    CASE WHEN r1 IS NULL THEN 0 ELSE 10 END + CASE WHEN r2 IS NULL THEN 0 ELSE 10 END
      + CASE WHEN r3 IS NULL THEN 0 ELSE 5 END AS possible
  FROM rates)
SELECT c.payer, c.practice,
  half_up(c.months * f.benchmark * f.risk, 10000) AS expected,
  half_up(c.months * f.benchmark * f.risk, 10000) - c.spent AS savings,
  CASE WHEN c.possible > 0 THEN half_up((coalesce(p1, 0) + coalesce(p2, 0) + coalesce(p3, 0)),
    c.possible * 100000000::HUGEINT) >= 4500 ELSE false END AS good
FROM points c JOIN practice_payer_year f ON f.practice_id = c.practice AND f.payer = c.payer AND f.year = 2024;

CREATE OR REPLACE TEMP TABLE shared AS
WITH winners AS (SELECT * FROM scored WHERE good AND savings > 0 AND 100 * savings >= 2 * expected),
pools AS (
  SELECT payer, half_up(least(greatest(least(40 * w.savings, 5 * s.expected), 0), 1000000000000), 100) AS pool, w.savings AS whole
  FROM (SELECT payer, sum(savings) AS savings FROM winners GROUP BY payer) w
  JOIN (SELECT payer, sum(expected) AS expected FROM scored GROUP BY payer) s USING (payer)),
parts AS (
  SELECT w.payer, w.practice, p.pool, p.pool * w.savings // p.whole AS part, p.pool * w.savings % p.whole AS remainder
  FROM winners w JOIN pools p USING (payer))
SELECT payer, practice, part + CASE WHEN row_number() OVER (PARTITION BY payer ORDER BY remainder DESC, practice)
  <= pool - sum(part) OVER (PARTITION BY payer) THEN 1 ELSE 0 END AS amount
FROM parts;

CREATE OR REPLACE TEMP TABLE by_hand AS
SELECT payer, practice, 'monthly_fee' AS payment, format('2024-{:02d}', month) AS period, amount FROM fees
UNION ALL SELECT payer, practice, 'enhancement', format('2024-{:02d}', month), amount FROM enhanced
UNION ALL SELECT payer, practice, 'shared_savings', '2024', amount FROM shared;
