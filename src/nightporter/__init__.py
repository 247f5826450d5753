"""Nightporter: who did it, what changed, and proof. An identity-aware proxy in front of every database connection.

Read in this order to follow one statement:

    core/journey.py            what happens in which order           (pure)
    gateway/session.py         its commands meet the sockets         (rim)
    protocols/<name>/wire.py   bytes -> requests, answers -> outcomes (pure)
    protocols/<name>/analysis.py  text -> reading                    (pure)
    policy/decide.py           reading -> decision                   (pure; the only place)
    evidence/ledger.py         what we can prove afterwards          (rim)
"""

from . import compiled

compiled.choose()
