"""What accounts are worth: margins to come, discounted to today."""

from kamlib.value.backtest import Backtest, backtest_orders
from kamlib.value.clv import Book, value_accounts
from kamlib.value.contribution import Contribution, measure_contribution
from kamlib.value.fit import Forecast, fit_forecast
from kamlib.value.handover import build_handover
from kamlib.value.result import Value, build_value
from kamlib.value.rfm_check import RfmCheck, check_rfm, compare_ranks, value_classes
from kamlib.value.rules import ValueRules
from kamlib.value.summary import select_accounts

__all__ = ["Backtest", "Book", "Contribution", "Forecast", "RfmCheck", "Value", "ValueRules",
           "backtest_orders", "build_handover", "build_value", "check_rfm", "compare_ranks",
           "fit_forecast", "measure_contribution", "select_accounts", "value_accounts",
           "value_classes"]
