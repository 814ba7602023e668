-- The account facts of 2025Q4 by hand, in two steps: lines → days of orders → accounts.
CREATE VIEW lines AS
  SELECT order_id, account_id, order_date, product_id, line_kind, quantity, amount, cost_amount
  FROM '{folder}/orders.parquet' WHERE order_date <= DATE '2025-12-31';

-- Orders cancelled in full within three days, matched like brackets. What a pair has put into the
-- sums is taken out again, so that the lines are grouped in one pass.
CREATE TEMP TABLE cancelled AS
  SELECT DISTINCT account_id, product_id, abs(quantity) AS size, abs(amount) AS price FROM lines
  WHERE line_kind = 'cancellation' AND product_id IS NOT NULL AND quantity IS NOT NULL;
CREATE TEMP TABLE paired AS
  WITH candidates AS (
    SELECT l.*, c.size, c.price, CASE l.line_kind WHEN 'sale' THEN 1 ELSE -1 END AS step
    FROM lines AS l JOIN cancelled AS c ON l.account_id = c.account_id
      AND l.product_id = c.product_id AND abs(l.quantity) = c.size AND abs(l.amount) = c.price
    WHERE l.line_kind IN ('sale', 'cancellation')),
  nested AS (
    SELECT *, sum(step) OVER (PARTITION BY account_id, product_id, size, price
                              ORDER BY order_date, step DESC, order_id
                              ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
              + (step = -1)::INT AS depth FROM candidates),
  neighbours AS (
    SELECT *, lag(step) OVER w AS before_step, lag(order_date) OVER w AS before_day,
           lead(step) OVER w AS after_step, lead(order_date) OVER w AS after_day
    FROM nested WINDOW w AS (PARTITION BY account_id, product_id, size, price, depth
                             ORDER BY order_date, step DESC, order_id))
  SELECT account_id, order_id, order_date, line_kind, -1 AS n, -amount AS amount,
         -cost_amount AS cost_amount
  FROM neighbours
  WHERE (step = -1 AND before_step = 1 AND order_date <= before_day + 3)
     OR (step = 1 AND after_step = -1 AND after_day <= order_date + 3);

CREATE TEMP TABLE order_days AS
  WITH counted AS (
    SELECT account_id, order_id, order_date, line_kind, 1 AS n, amount, cost_amount FROM lines
    UNION ALL SELECT * FROM paired)
  SELECT account_id, order_id, order_date,
         coalesce(sum(n) FILTER (line_kind = 'sale'), 0)::INT AS n_lines,
         coalesce(sum(amount) FILTER (line_kind = 'sale'), 0)::DECIMAL(18, 4) AS gross,
         -coalesce(sum(amount) FILTER (line_kind IN ('return', 'cancellation')), 0)
           ::DECIMAL(18, 4) AS returned,
         coalesce(sum(amount) FILTER (line_kind = 'adjustment'), 0)::DECIMAL(18, 4) AS adjustment,
         coalesce(sum(amount) FILTER (cost_amount IS NOT NULL AND
           line_kind IN ('sale', 'return', 'cancellation')), 0)::DECIMAL(18, 4) AS known,
         coalesce(sum(cost_amount) FILTER (
           line_kind IN ('sale', 'return', 'cancellation')), 0)::DECIMAL(18, 4) AS cost
  FROM counted GROUP BY ALL;

WITH orders AS (
  SELECT account_id, order_id, min(order_date) AS day FROM order_days WHERE n_lines > 0
  GROUP BY ALL),
days AS (
  SELECT account_id, order_date, sum(gross)::DECIMAL(18, 4) AS gross FROM order_days
  WHERE n_lines > 0 GROUP BY ALL),
gaps AS (
  SELECT *, order_date - lag(order_date) OVER (PARTITION BY account_id ORDER BY order_date) AS gap
  FROM days),
by_orders AS (
  SELECT account_id,
         count(*) AS n_orders,
         count(*) FILTER (day BETWEEN DATE '2025-10-01' AND DATE '2025-12-31') AS n_orders_period,
         count(*) FILTER (day BETWEEN DATE '2025-07-01' AND DATE '2025-09-30') AS n_orders_previous,
         count(*) FILTER (day BETWEEN DATE '2024-10-01' AND DATE '2024-12-31') AS n_orders_year_before,
         count(*) FILTER (day BETWEEN DATE '2025-01-01' AND DATE '2025-12-31') AS n_orders_window
  FROM orders GROUP BY account_id),
by_lines AS (
  SELECT account_id,
         sum(n_lines) AS n_lines,
         sum(gross) AS gross_amount,
         sum(returned) AS returned_amount,
         sum(adjustment) AS adjustment_amount,
         sum(known - cost) AS margin_amount,
         sum(known) AS margin_known_amount
  FROM order_days GROUP BY account_id),
by_lines_period AS (
  SELECT account_id,
         sum(n_lines) AS n_lines_period,
         sum(gross) AS gross_amount_period,
         sum(returned) AS returned_amount_period,
         sum(adjustment) AS adjustment_amount_period,
         sum(known - cost) AS margin_amount_period,
         sum(known) AS margin_known_amount_period
  FROM order_days WHERE order_date BETWEEN DATE '2025-10-01' AND DATE '2025-12-31' GROUP BY account_id),
by_lines_previous AS (
  SELECT account_id,
         sum(n_lines) AS n_lines_previous,
         sum(gross) AS gross_amount_previous,
         sum(returned) AS returned_amount_previous,
         sum(adjustment) AS adjustment_amount_previous,
         sum(known - cost) AS margin_amount_previous,
         sum(known) AS margin_known_amount_previous
  FROM order_days WHERE order_date BETWEEN DATE '2025-07-01' AND DATE '2025-09-30' GROUP BY account_id),
by_lines_year_before AS (
  SELECT account_id,
         sum(n_lines) AS n_lines_year_before,
         sum(gross) AS gross_amount_year_before,
         sum(returned) AS returned_amount_year_before,
         sum(adjustment) AS adjustment_amount_year_before,
         sum(known - cost) AS margin_amount_year_before,
         sum(known) AS margin_known_amount_year_before
  FROM order_days WHERE order_date BETWEEN DATE '2024-10-01' AND DATE '2024-12-31' GROUP BY account_id),
by_lines_window AS (
  SELECT account_id,
         sum(n_lines) AS n_lines_window,
         sum(gross) AS gross_amount_window,
         sum(returned) AS returned_amount_window,
         sum(adjustment) AS adjustment_amount_window,
         sum(known - cost) AS margin_amount_window,
         sum(known) AS margin_known_amount_window
  FROM order_days WHERE order_date BETWEEN DATE '2025-01-01' AND DATE '2025-12-31' GROUP BY account_id),
by_days AS (
  SELECT account_id,
         count(*) AS n_purchase_days,
         count(*) FILTER (order_date BETWEEN DATE '2025-10-01' AND DATE '2025-12-31') AS n_purchase_days_period,
         count(*) FILTER (order_date BETWEEN DATE '2025-07-01' AND DATE '2025-09-30') AS n_purchase_days_previous,
         count(*) FILTER (order_date BETWEEN DATE '2024-10-01' AND DATE '2024-12-31') AS n_purchase_days_year_before,
         count(*) FILTER (order_date BETWEEN DATE '2025-01-01' AND DATE '2025-12-31') AS n_purchase_days_window,
         min(order_date) AS first_sale_date,
         min(order_date) FILTER (gap > 0) AS second_sale_date,
         max(order_date) AS last_sale_date,
         min(order_date - gap::INTEGER) FILTER (gap > 365) AS last_sale_before_lapse,
         max(order_date) FILTER (order_date < DATE '2025-10-01')
           AS last_sale_before_opening_date,
         sum(gross) FILTER (gap > 0) AS repeat_amount, avg(gap) AS gap_mean_days,
         stddev_samp(gap) AS gap_sd_days, count(gap) AS n_gaps,
         sum(ln(gap)::DECIMAL(18, 12)) AS log_gap_sum
  FROM gaps GROUP BY account_id),
joined AS (
  SELECT a.account_id, a.customer_since, o.* EXCLUDE (account_id), d.* EXCLUDE (account_id),
         m0.* EXCLUDE (account_id),
         m1.* EXCLUDE (account_id),
         m2.* EXCLUDE (account_id),
         m3.* EXCLUDE (account_id),
         m4.* EXCLUDE (account_id)
  FROM '{folder}/accounts.parquet' AS a LEFT JOIN by_orders AS o USING (account_id)
  LEFT JOIN by_days AS d USING (account_id) LEFT JOIN by_lines AS m0 USING (account_id)
  LEFT JOIN by_lines_period AS m1 USING (account_id)
  LEFT JOIN by_lines_previous AS m2 USING (account_id)
  LEFT JOIN by_lines_year_before AS m3 USING (account_id)
  LEFT JOIN by_lines_window AS m4 USING (account_id)),
known AS (
  SELECT *, coalesce(first_sale_date >= DATE '2022-04-01', false) AS seen,
         least(first_sale_date, customer_since) AS start,
         coalesce(first_sale_date >= DATE '2025-10-01', false) AS first_in_period,
         coalesce(last_sale_before_opening_date > DATE '2024-09-30', false) AS at_opening,
         coalesce(last_sale_date > DATE '2024-12-31', false) AS at_closing
  FROM joined)
SELECT account_id, first_sale_date::TIMESTAMP_S AS first_sale_date,
       second_sale_date::TIMESTAMP_S AS second_sale_date,
       last_sale_date::TIMESTAMP_S AS last_sale_date,
       last_sale_before_opening_date::TIMESTAMP_S AS last_sale_before_opening_date,
       coalesce(n_orders, 0)::BIGINT AS n_orders,
       coalesce(n_purchase_days, 0)::BIGINT AS n_purchase_days,
       coalesce(n_lines, 0)::BIGINT AS n_lines,
       coalesce(gross_amount, 0)::DOUBLE AS gross_amount,
       coalesce(returned_amount, 0)::DOUBLE AS returned_amount,
       coalesce(adjustment_amount, 0)::DOUBLE AS adjustment_amount,
       coalesce(margin_amount, 0)::DOUBLE AS margin_amount,
       coalesce(margin_known_amount, 0)::DOUBLE AS margin_known_amount,
       coalesce(gross_amount - returned_amount, 0)::DOUBLE AS net_amount,
       coalesce(n_orders_period, 0)::BIGINT AS n_orders_period,
       coalesce(n_purchase_days_period, 0)::BIGINT AS n_purchase_days_period,
       coalesce(n_lines_period, 0)::BIGINT AS n_lines_period,
       coalesce(gross_amount_period, 0)::DOUBLE AS gross_amount_period,
       coalesce(returned_amount_period, 0)::DOUBLE AS returned_amount_period,
       coalesce(adjustment_amount_period, 0)::DOUBLE AS adjustment_amount_period,
       coalesce(margin_amount_period, 0)::DOUBLE AS margin_amount_period,
       coalesce(margin_known_amount_period, 0)::DOUBLE AS margin_known_amount_period,
       coalesce(gross_amount_period - returned_amount_period, 0)::DOUBLE AS net_amount_period,
       coalesce(n_orders_previous, 0)::BIGINT AS n_orders_previous,
       coalesce(n_purchase_days_previous, 0)::BIGINT AS n_purchase_days_previous,
       coalesce(n_lines_previous, 0)::BIGINT AS n_lines_previous,
       coalesce(gross_amount_previous, 0)::DOUBLE AS gross_amount_previous,
       coalesce(returned_amount_previous, 0)::DOUBLE AS returned_amount_previous,
       coalesce(adjustment_amount_previous, 0)::DOUBLE AS adjustment_amount_previous,
       coalesce(margin_amount_previous, 0)::DOUBLE AS margin_amount_previous,
       coalesce(margin_known_amount_previous, 0)::DOUBLE AS margin_known_amount_previous,
       coalesce(gross_amount_previous - returned_amount_previous, 0)::DOUBLE AS net_amount_previous,
       coalesce(n_orders_year_before, 0)::BIGINT AS n_orders_year_before,
       coalesce(n_purchase_days_year_before, 0)::BIGINT AS n_purchase_days_year_before,
       coalesce(n_lines_year_before, 0)::BIGINT AS n_lines_year_before,
       coalesce(gross_amount_year_before, 0)::DOUBLE AS gross_amount_year_before,
       coalesce(returned_amount_year_before, 0)::DOUBLE AS returned_amount_year_before,
       coalesce(adjustment_amount_year_before, 0)::DOUBLE AS adjustment_amount_year_before,
       coalesce(margin_amount_year_before, 0)::DOUBLE AS margin_amount_year_before,
       coalesce(margin_known_amount_year_before, 0)::DOUBLE AS margin_known_amount_year_before,
       coalesce(gross_amount_year_before - returned_amount_year_before, 0)::DOUBLE AS net_amount_year_before,
       coalesce(n_orders_window, 0)::BIGINT AS n_orders_window,
       coalesce(n_purchase_days_window, 0)::BIGINT AS n_purchase_days_window,
       coalesce(n_lines_window, 0)::BIGINT AS n_lines_window,
       coalesce(gross_amount_window, 0)::DOUBLE AS gross_amount_window,
       coalesce(returned_amount_window, 0)::DOUBLE AS returned_amount_window,
       coalesce(adjustment_amount_window, 0)::DOUBLE AS adjustment_amount_window,
       coalesce(margin_amount_window, 0)::DOUBLE AS margin_amount_window,
       coalesce(margin_known_amount_window, 0)::DOUBLE AS margin_known_amount_window,
       coalesce(gross_amount_window - returned_amount_window, 0)::DOUBLE AS net_amount_window,
       CASE WHEN first_sale_date IS NOT NULL THEN start END::TIMESTAMP_S AS start_date,
       first_sale_date IS NOT NULL AND (seen OR customer_since IS NOT NULL) AS is_start_known,
       CASE WHEN first_sale_date IS NOT NULL AND (seen OR customer_since IS NOT NULL)
            THEN DATE '2025-12-31' - start END AS tenure_days,
       first_in_period AND (seen OR coalesce(customer_since >= DATE '2022-01-01', false))
         AS is_new,
       first_in_period AND NOT (seen OR coalesce(customer_since >= DATE '2022-01-01', false))
         AS is_first_seen,
       DATE '2025-12-31' - last_sale_date AS days_since_last_sale,
       greatest(coalesce(n_purchase_days, 0) - 1, 0) AS n_repeat_days,
       last_sale_date - first_sale_date AS first_to_last_days,
       DATE '2025-12-31' - first_sale_date AS first_to_as_of_days,
       repeat_amount::DOUBLE / nullif(n_gaps, 0) AS repeat_day_mean_amount,
       gap_mean_days, gap_sd_days, log_gap_sum::DOUBLE AS log_gap_sum,
       at_opening AS is_active_opening, at_closing AS is_active_closing,
       (coalesce(last_sale_before_lapse,
                 CASE WHEN last_sale_date + 365 <= DATE '2025-12-31' THEN last_sale_date END)
        + 365)::TIMESTAMP_S AS lapse_date,
       at_opening AND NOT at_closing AS is_lost,
       last_sale_before_opening_date IS NOT NULL AND NOT at_opening AND at_closing AS is_recovered
FROM known ORDER BY account_id
