"""Which column of the dictionary a company's column is: by its name, then by what it holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from kamlib.dataset.profile import Profile
from kamlib.schema import Column

SIMILAR = 0.84  # ratio of equal letters from which two English names count as similar
ALIAS_STEP = 0.005  # earlier names of the dictionary win over later ones
NAME, SIMILAR_NAME, CONTENT = "name", "similar name", "content"
SYNONYMS = {"number": "id", "no": "id", "nr": "id", "num": "id", "code": "id", "key": "id",
            "identifier": "id", "client": "account", "customer": "account", "cust": "account",
            "debtor": "account", "acct": "account", "qty": "quantity", "amt": "amount",
            "dt": "date", "datetime": "date", "time": "date", "inv": "invoice", "prod": "product",
            "sales": "sale", "of": "", "the": ""}
CHINESE_SYNONYMS = {"代码": "编号", "编码": "编号", "号码": "编号", "日期时间": "日期",
                    "时间": "日期", "商品": "产品", "购买": "销售"}
# What says it all when it is the last word
LAST_WORDS = ("amount", "value", "revenue", "quantity", "account", "total")
# but not after one of these
OTHER_MONEY = {"vat", "tax", "freight", "shipping", "discount", "cost"}
# What company exports write in columns for which the dictionary has a closed list.
VALUE_WORDS: dict[str, tuple[str, ...]] = {
    "sale": ("sale", "sales", "order", "normal", "invoice", "销售", "正常", "销售出库", "订单"),
    "return": ("return", "returned", "returns", "refund", "credit note", "退货", "退回", "退款",
               "销售退货"),
    "cancellation": ("cancellation", "cancelled", "canceled", "cancel", "取消", "作废", "撤销"),
    "adjustment": ("adjustment", "adjust", "correction", "调整", "冲销"),
    "free": ("free", "sample", "gift", "赠品", "赠送", "样品"),
    "customer": ("customer", "client", "客户", "购买方"),
    "supplier": ("supplier", "vendor", "供应商"),
    "partner": ("partner", "合作伙伴", "合作方"),
    "won": ("won", "closed won", "赢单", "成交", "中标", "是"),
    "lost": ("lost", "closed lost", "输单", "丢单", "未中标", "否"),
    "open": ("open", "prospecting", "engaging", "negotiation", "proposal", "qualified", "进行中",
             "跟进中", "待定"),
    "visit": ("visit", "on site", "拜访", "走访", "上门"), "call": ("call", "phone", "电话"),
    "meeting": ("meeting", "会议", "会面"),
    "true": ("true", "yes", "y", "是", "有"), "false": ("false", "no", "n", "否", "无"),
    "index": ("index", "score", "指数", "满意度指数"), "rate": ("rate", "比率", "率", "满意率"),
    "share": ("share", "percentage", "占比", "比例", "份额"),
    "mean": ("mean", "average", "avg", "均值", "平均", "平均值", "平均分"),
    "sum": ("sum", "total", "合计", "总和"), "count": ("count", "计数", "个数", "数量"),
    "met": ("met", "yes", "reached", "achieved", "达标", "已达标", "达到", "已达到", "是"),
    "not met": ("not met", "no", "missed", "未达标", "不达标", "未达到", "否"),
}


@dataclass(frozen=True)
class Match:
    """A column of the dictionary and the source's column; rivals are others that fit nearly."""

    column: str
    source: str
    how: str
    score: float
    rivals: tuple[str, ...] = ()


def canonical(name: str) -> str:
    """Write a name so that spellings of one thing become equal.

    >>> canonical("Customer No."), canonical("custCode"), canonical("客户代码（ERP）")
    ('account id', 'account id', '客户编号')
    """
    text = unicodedata.normalize("NFKC", name).strip()
    text = re.sub(r"[(\[【].*?[)\]】]", " ", text) or text
    if re.search(r"[\u4e00-\u9fff]", text):
        text = re.sub(r"[\s_\-/:.*]+", "", text).lower()
        for word, stem in CHINESE_SYNONYMS.items():
            text = text.replace(word, stem)
        return text
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text).lower()
    text = text.replace("#", " id ")
    words = [w for w in re.split(r"[^a-z0-9]+", text) if w]
    words = [SYNONYMS.get(w, w) for w in words]
    words = [w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w
             for w in words]
    return " ".join(w for w in words if w)


def score_name(source: str, column: Column) -> float:
    """Return how surely a name means a column: 1 its own name, above 0.9 an alias, 0 not at all.

    >>> from kamlib.schema import load_schema
    >>> columns = load_schema()["orders"].columns
    >>> score_name("Order_Date", columns["order_date"]), score_name("Colour", columns["amount"])
    (1.0, 0)
    """
    given = canonical(source)
    aliases = [column.name, *column.zh, *column.en]
    names = [canonical(alias) for alias in aliases]
    if not given:
        return 0
    if given in names:
        # what an alias says word for word is surer than what only its synonyms say
        exact = any(source.strip().lower().replace("_", " ") == a.replace("_", " ") or
                    given.replace(" ", "") == a.replace("_", " ").replace(" ", "")
                    for a in aliases)
        place = names.index(given)
        return (1.0 if place == 0 else 0.97 - ALIAS_STEP * place) - (0 if exact else 0.02)
    return max((_similarity(given, name) for name in names), default=0)


def _similarity(given: str, name: str) -> float:
    if min(len(given), len(name)) < 2 or ("不" in given) != ("不" in name):
        return 0
    if re.search(r"[\u4e00-\u9fff]", given + name):
        inside = len(name) >= 2 and (given.endswith(name) or given.startswith(name)
                                     or name.endswith(given))
        return 0.55 + 0.3 * min(len(given), len(name)) / max(len(given), len(name)) \
            if inside else 0
    solid = given.replace(" ", ""), name.replace(" ", "")
    if solid[0] == solid[1]:
        return 0.95
    ratio = SequenceMatcher(None, *solid).ratio()
    return 0.8 * ratio if ratio >= SIMILAR and len(name) > 3 else _shared_words(given, name)


def _shared_words(given: str, name: str) -> float:
    mine, theirs = set(given.split()), set(name.split())
    if name in LAST_WORDS and given.endswith(f" {name}") and not mine & OTHER_MONEY:
        return 0.5
    if len(theirs) < 2 or not (theirs < mine or mine < theirs) or mine <= {"id", "date"}:
        return 0
    return 0.5 + 0.2 * len(mine & theirs) / len(mine | theirs)


def score_content(profile: Profile, column: Column) -> float:
    """Return how well a column's contents fit a column of the dictionary, 0 to 1."""
    if not profile.n:
        return 0.5
    if column.values or column.type == "boolean":
        return map_values(profile, column.values or ("true", "false"))[1]
    if column.type == "date":
        serial = profile.shapes["plain"] > 0.9 and all(
            30000 <= float(v) <= 60000 for v in list(profile.values)[:50] if v.isdigit())
        return 1.0 if profile.date_share >= 0.8 else 0.4 if serial else 0
    if column.type in ("decimal", "number", "integer"):
        if profile.date_share >= 0.8 and not profile.date_format.startswith("%Y%m%d"):
            return 0
        return profile.number_share if profile.number_share >= 0.5 else 0
    if profile.date_share >= 0.8 and not profile.date_format.startswith("%Y%m%d"):
        return 0.3
    return 0.6 if column.name.endswith("_id") and \
        profile.shapes["plain"] > 0.9 and not _are_whole(profile) else 1.0


def _are_whole(profile: Profile) -> bool:
    return all("." not in v or v.endswith(".0") for v in list(profile.values)[:200])


def map_values(profile: Profile, values: tuple[str, ...]) -> tuple[dict[str, str], float]:
    """Map what a column holds to a closed list; returns the map and the share it covers.

    >>> from kamlib.dataset.profile import find_formats, find_shapes
    >>> given = {"销售": 9, "退货": 1}
    >>> map_values(Profile("k", 10, 10, 2, given, {}, {}), ("sale", "return"))
    ({'销售': 'sale', '退货': 'return'}, 1.0)
    """
    words = {word: value for value in values for word in (value, *VALUE_WORDS.get(value, ()))}
    if profile.n_distinct > 50:
        return {}, 0.0
    found = {v: words[v.strip().lower()] for v in profile.values if v.strip().lower() in words}
    total = sum(profile.values.values()) or 1
    return found, sum(profile.values[v] for v in found) / total


def match_columns(profiles: Mapping[str, Profile], columns: Mapping[str, Column]) -> list[Match]:
    """Match a source's columns to a table's, the surest pairs first; sorted by the table."""
    scores = {}
    for name, column in columns.items():
        for source, profile in profiles.items():
            by_name = score_name(source, column)
            fit = score_content(profile, column) if by_name else 0
            if by_name and fit:
                scores[name, source] = by_name * (0.6 + 0.4 * fit)
    order = {name: i for i, name in enumerate(columns)}
    taken: dict[str, str] = {}
    matches: list[Match] = []
    for (name, source), score in sorted(scores.items(), key=lambda p: (-p[1], order[p[0][0]])):
        if name in {m.column for m in matches} or source in taken:
            continue
        rivals = tuple(s for (n, s), other in scores.items()
                       if n == name and s != source and other >= score - 0.25)
        how = NAME if score_name(source, columns[name]) > 0.9 else SIMILAR_NAME
        matches.append(Match(name, source, how, score, rivals))
        taken[source] = name
    # a rival that became another column is none
    matches = [Match(m.column, m.source, m.how, m.score,
                     tuple(r for r in m.rivals if r not in taken)) for m in matches]
    return sorted(matches, key=lambda m: order[m.column])
