"""What reading a statement costs: microseconds a statement, best of five. Run: python bench/analysis.py"""

from __future__ import annotations

import timeit
from collections.abc import Callable

from nightporter.protocols.postgres.analysis import Readings, analyse
from nightporter.protocols.postgres.facts import gather
from nightporter.protocols.postgres.grammar import fingerprint, parse

POINT = "select id, name, email from customers where id = $1"
JOIN = (
    "select c.name, sum(o.total) as total from customers c join orders o on o.customer_id = c.id "
    "where o.placed_at >= $1 and o.state in ('paid', 'sent') group by c.name having sum(o.total) > 100 order by 2 desc limit 20"
)
INSERT = "insert into orders (customer_id, state, total) values ($1, $2, $3) returning id"
BULK = "insert into t values " + ", ".join(f"({n}, 'name of {n}', {n}.25, null)" for n in range(20_000))


def microseconds(run: Callable[[], object], number: int = 5_000) -> float:
    return min(timeit.repeat(run, number=number, repeat=5)) / number * 1e6


def main() -> None:
    readings = Readings()
    data = POINT.encode()
    readings(data)
    (parsed,) = parse(data)
    rows: list[tuple[str, float]] = [
        ("point query, cached", microseconds(lambda: readings(data))),
        ("point query", microseconds(lambda: analyse(POINT))),
        ("  parse to a tree", microseconds(lambda: parse(data))),
        ("  walk the tree", microseconds(lambda: gather(parsed.tag, parsed.body))),
        ("  fingerprint", microseconds(lambda: fingerprint(data))),
        ("join", microseconds(lambda: analyse(JOIN))),
        ("insert", microseconds(lambda: analyse(INSERT))),
        ("begin", microseconds(lambda: analyse("begin"))),
        (f"bulk insert, {len(BULK) >> 10} KiB", microseconds(lambda: analyse(BULK), 1)),
    ]
    for name, cost in rows:
        print(f"{name:<28}{cost:>12.1f} us")


if __name__ == "__main__":
    main()
