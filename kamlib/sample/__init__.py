"""The sample company: invented from known parameters, for trying out, teaching and testing.

Nothing in it is real, and what is true of it is known: `simulate` hands out the truth beside the
tables, so that a test can ask whether an analysis finds it again.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kamlib.errors import InputError
from kamlib.sample import market, money, pipeline, plan, voice, work
from kamlib.sample.accounts import simulate_accounts, simulate_owners
from kamlib.sample.complaints import simulate_actions, simulate_complaints
from kamlib.sample.deck import build_quoted_figures
from kamlib.sample.faults import add_faults
from kamlib.sample.life import NEVER, build_lives
from kamlib.sample.orders import simulate_orders
from kamlib.sample.parameters import DEFAULTS, Parameters
from kamlib.sample.products import build_products
from kamlib.sample.tables import COLUMNS
from kamlib.sample.world import World, to_date
from kamlib.sample.write import render_dataset_file, render_tables, write_table

__all__ = ["make_sample", "simulate", "tell_truth", "write_truth"]

MIN_ACCOUNTS = 40


def make_sample(folder: str | Path, *, seed: int = 7, n_accounts: int = 300) -> Path:
    """Write the sample company: one CSV a table of the data dictionary, and dataset.toml.

    folder: made if it is not there; files of the same names are replaced. The same seed and
    number give the same bytes. Returns the path of the dataset file.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    tables = simulate(seed=seed, n_accounts=n_accounts)
    texts = add_faults(render_tables({name: tables[name] for name in COLUMNS}))
    for name, table in texts.items():
        write_table(target / f"{name}.csv", table)
    text = render_dataset_file(
        list(texts), seed=seed, n_accounts=n_accounts, n_products=len(tables["products"])
    )
    path = target / "dataset.toml"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def simulate(
    *, seed: int, n_accounts: int, parameters: Parameters = DEFAULTS
) -> dict[str, pd.DataFrame]:
    """Simulate every table of the data dictionary, without the broken rows of `make_sample`.

    Returns one table a name with the dictionary's columns (money in CNY without VAT), and under
    ``_truth`` one row an account: ``account_id``, ``kind``, ``segment``, ``rate`` (orders a year),
    ``regularity`` (k of the Erlang gaps), ``line_amount``, ``shape``, ``start_date``,
    ``dropout_date`` (NaT while it goes on) and ``satisfaction_2022h1`` to ``_2025h2``.
    Random numbers come from streams named after the tables: a new table shifts no other.
    Raises InputError for fewer than 40 accounts.

    >>> tables = simulate(seed=1, n_accounts=40)
    >>> len(tables), len(tables["accounts"]), int(tables["survey_waves"]["scale_max"].max())
    (33, 40, 10)
    """
    if n_accounts < MIN_ACCOUNTS:
        raise InputError(
            f"The sample company needs at least {MIN_ACCOUNTS} accounts, so that every table has "
            f"rows, but n_accounts is {n_accounts}. Ask for more."
        )
    world = _build_world(seed, n_accounts, parameters)
    orders, owners = simulate_orders(world), simulate_owners(world)
    tables = {
        "accounts": simulate_accounts(world),
        "account_owners": owners,
        "products": world.products,
        "orders": orders,
        **_simulate_voice(world, orders, owners),
        **_simulate_work(world, orders, owners),
        **_simulate_market(world, orders, owners),
    }
    chosen = {name: tables[name][list(columns)] for name, columns in COLUMNS.items()}
    return {**chosen, "_truth": _tell_truth(world)}


def tell_truth(*, seed: int, n_accounts: int, parameters: Parameters = DEFAULTS) -> pd.DataFrame:
    """Return what is true of every account, the table ``_truth`` of `simulate`, without the rest.

    >>> tell_truth(seed=1, n_accounts=40).equals(simulate(seed=1, n_accounts=40)["_truth"])
    True
    """
    return _tell_truth(_build_world(seed, n_accounts, parameters))


def _build_world(seed: int, n_accounts: int, parameters: Parameters) -> World:
    lives, satisfaction = build_lives(seed, n_accounts, parameters)
    return World(seed, parameters, lives, satisfaction, build_products(seed))


def _simulate_voice(
    world: World, orders: pd.DataFrame, owners: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    invitations = voice.simulate_invitations(world, orders)
    answers = voice.simulate_answers(world, invitations)
    complaints = simulate_complaints(world, orders)
    return {
        "survey_waves": voice.build_waves(),
        "survey_items": voice.build_items(),
        "survey_invitations": invitations,
        "survey_answers": answers,
        "complaints": complaints,
        "actions": simulate_actions(world, owners, answers, complaints),
    }


def _simulate_work(
    world: World, orders: pd.DataFrame, owners: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    invoices = money.simulate_invoices(world, orders)
    opportunities, stages = pipeline.simulate_opportunities(world, owners)
    return {
        "invoices": invoices,
        "payments": money.simulate_payments(world, invoices),
        "credit_factors": money.simulate_credit_factors(world),
        "exchange_rates": money.build_exchange_rates(),
        "quoted_figures": build_quoted_figures(),
        "contacts": work.simulate_contacts(world, owners),
        "effort": work.simulate_effort(world, owners),
        "relationships": work.simulate_relationships(world, owners),
        "stakeholders": work.simulate_stakeholders(world),
        "opportunities": opportunities,
        "opportunity_stages": stages,
        "bids": pipeline.simulate_bids(world),
        "samples": pipeline.simulate_samples(world, opportunities),
        "contracts": pipeline.simulate_contracts(world),
    }


def _simulate_market(
    world: World, orders: pd.DataFrame, owners: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    return {
        "quotas": market.simulate_quotas(world, orders),
        "stock": market.simulate_stock(world, orders),
        "promotions": market.simulate_promotions(world),
        "checks": market.simulate_checks(world, owners),
        "wallet_estimates": market.simulate_wallets(world, orders),
        "needs": market.simulate_needs(world),
        "targets": plan.simulate_targets(world, orders, owners),
        "narratives": plan.simulate_narratives(world),
    }


def _tell_truth(world: World) -> pd.DataFrame:
    lives = world.accounts
    columns = ["account_id", "kind", "segment", "rate", "regularity", "line_amount", "shape"]
    truth = lives[columns].assign(start_date=to_date(lives["start_day"]))
    truth["dropout_date"] = to_date(lives["dropout_day"].where(lives["dropout_day"] < NEVER))
    for half in range(8):
        name = f"satisfaction_{2022 + half // 2}h{half % 2 + 1}"
        truth[name] = world.satisfaction[:, half]
    return truth.round({"rate": 3, "line_amount": 2} | dict.fromkeys(truth.columns[-8:], 4))


def write_truth(path: str | Path, *, seed: int, n_accounts: int) -> None:
    """Write what is true of every account as CSV; for tests, never part of the sample."""
    truth = tell_truth(seed=seed, n_accounts=n_accounts)
    write_table(Path(path), render_tables({"truth": truth})["truth"])
