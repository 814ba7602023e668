"""Tables that stay views over Parquet files: several of them meet in one query."""

from __future__ import annotations

import pandas as pd

from kamlib.dataset import open_dataset

DATASET = """id = "tiny"
name = "Tiny"
currency = "EUR"
date_basis = "ordered"
history_from = 2025-01-01
complete_until = 2025-12-31
[tables.orders]
source = "orders.parquet"
constants = { line_kind = "sale" }
[tables.orders.columns]
order_id = "order_id"
account_id = "account_id"
order_date = "order_date"
amount = "amount"
[tables.accounts]
source = "accounts.parquet"
constants = { party_role = "customer" }
[tables.accounts.columns]
account_id = "account_id"
name = "name"
"""


def test_orders_and_accounts_of_two_parquet_files(tmp_path):
    pd.DataFrame({"order_id": ["1", "2", "3"], "account_id": ["A", "B", "X"], "amount": [5, 6, 7],
                  "order_date": pd.Timestamp(2025, 5, 1)}).to_parquet(tmp_path / "orders.parquet")
    pd.DataFrame({"account_id": ["A", "B"], "name": ["Ann", "Bob"]}).to_parquet(
        tmp_path / "accounts.parquet")
    (tmp_path / "dataset.toml").write_text(DATASET)
    dataset = open_dataset(tmp_path / "dataset.toml")
    assert dataset.accounting.set_index("table")[["read", "kept", "quarantined"]].to_dict("index") \
        == {"accounts": {"read": 2, "kept": 2, "quarantined": 0},
            "orders": {"read": 3, "kept": 2, "quarantined": 1}}
    assert dataset.quarantine["orders"]["reason"].tolist() == ["unknown:account_id"]
