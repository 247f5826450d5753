"""Who is asking: from the name that a client claims to a principal. The part of the journey that every protocol shares. No I/O.

The protocols differ only in how they word a challenge (`Adapter.prove`). An unknown name is challenged like a known one, so that
neither the answer nor its time tells which names exist.
"""

from __future__ import annotations

from nightporter.identity.authenticate import challenge_for
from nightporter.identity.principal import Principal

from .commands import LookUp, Mock, Prove, Steps, Verify, ask
from .wire import Hello, Peer


def identify(hello: Hello, peer: Peer) -> Steps[tuple[Principal, bytes]]:
    """The principal, and bytes that came after its proof. Raises TurnedAwayError for everyone who is not what they claim."""
    entry = yield from ask(LookUp(hello.principal, peer))
    challenge = challenge_for(entry, hello, peer)
    if challenge is None:
        challenge = yield from ask(Mock(hello.principal))
    proof = yield from ask(Prove(hello, challenge))
    principal = yield from ask(Verify(hello, peer, entry, proof))
    return principal, proof.rest
