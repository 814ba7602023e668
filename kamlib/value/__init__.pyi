from .backtest import Backtest, backtest_orders
from .clv import Book, value_accounts
from .contribution import Contribution, measure_contribution
from .fit import Forecast, fit_forecast
from .handover import build_handover
from .result import Value, build_value
from .rfm_check import RfmCheck, check_rfm, compare_ranks, value_classes
from .rules import ValueRules
from .summary import select_accounts

__all__ = ["Backtest", "Book", "Contribution", "Forecast", "RfmCheck", "Value", "ValueRules",
           "backtest_orders", "build_handover", "build_value", "check_rfm", "compare_ranks",
           "fit_forecast", "measure_contribution", "select_accounts", "value_accounts",
           "value_classes"]
