-- Order lines in the order of their days: 2 % returns, 1 % cancellations of the line before them
-- (0 to 7 days later, so some are pairs), 1 % adjustments and free lines, cost of nine in ten. An
-- account orders through one channel, from two of the twelve product lines.
COPY (
  WITH drawn AS (
    SELECT i, hash(i) % 1000 AS luck FROM range({n_lines}) AS t(i)),
  kinds AS (
    SELECT i, CASE WHEN luck < 20 THEN 'return' WHEN luck < 30 AND i > 0 THEN 'cancellation'
                   WHEN luck < 35 THEN 'adjustment' WHEN luck < 40 THEN 'free'
                   ELSE 'sale' END AS line_kind
    FROM drawn),
  sources AS (
    SELECT i, line_kind, i - (line_kind = 'cancellation')::INT AS line FROM kinds),
  placed AS (
    SELECT *, line // 3 AS o, CASE WHEN line_kind IN ('return', 'cancellation') THEN -1 ELSE 1 END
      AS sign,
      floor({n_accounts} * pow((hash(line // 3 + 1) % 1000003) / 1000003.0, 1.5))::BIGINT AS account
    FROM sources)
  SELECT CASE WHEN sign < 0 THEN 'R' || i ELSE 'O' || o END AS order_id,
         'A' || lpad(account::VARCHAR, 7, '0') AS account_id,
         (DATE '2022-01-01' + (o * 1461 // ({n_lines} // 3 + 1))::INT
           + CASE line_kind WHEN 'return' THEN 10 WHEN 'cancellation' THEN (hash(i + 2) % 8)::INT
             ELSE 0 END)::DATE AS order_date,
         'P' || lpad((account % 12 + 12 * (hash(line + 3) % 40) + (hash(line + 4) % 4 = 0)::INT)
                     ::VARCHAR, 4, '0') AS product_id,
         ['direct', 'web', 'dealer'][1 + (account % 3)::INT] AS channel,
         line_kind,
         (sign * (1 + hash(line + 5) % 20))::DECIMAL(18, 4) AS quantity,
         (CASE WHEN line_kind = 'free' THEN 0 ELSE sign * (1 + hash(line + 6) % 200000) END / 100)
           ::DECIMAL(18, 4) AS amount,
         CASE WHEN hash(line + 7) % 10 > 0
              THEN (sign * (1 + hash(line + 6) % 200000) * (50 + hash(line + 8) % 40) / 10000)
                ::DECIMAL(18, 4) END AS cost_amount
  FROM placed ORDER BY i
) TO '{folder}/orders.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
  SELECT 'P' || lpad(i::VARCHAR, 4, '0') AS product_id, 'product ' || i AS name,
         'line ' || lpad((i % 12)::VARCHAR, 2, '0') AS product_line
  FROM range(500) AS t(i) ORDER BY i
) TO '{folder}/products.parquet' (FORMAT parquet);

COPY (
  SELECT 'A' || lpad(i::VARCHAR, 7, '0') AS account_id, 'account ' || i AS name,
         NULL::VARCHAR AS parent_id, 'customer' AS party_role,
         CASE WHEN hash(i + 9) % 2 = 0 THEN DATE '2015-01-01' + (hash(i) % 2000)::INT END
           AS customer_since
  FROM range({n_accounts}) AS t(i) ORDER BY i
) TO '{folder}/accounts.parquet' (FORMAT parquet)
