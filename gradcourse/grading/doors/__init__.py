"""The four doors through which a stranger's data comes in: audit these files first.

    intake      bytes of a hand-in → text of answer cells, nothing else
    sandbox     their code runs in bubblewrap: no network, no files, bounded memory and time
    output      what their kernel says: counted, cut, and dropped beyond a budget
    verdict     what their kernel reports is compared as numbers, outside, with the reference's

Everything behind the doors works on text and numbers that passed them. Before that, signatures say
`Untrusted`, and a type checker insists that each value is looked at before it is used.
"""

from typing import NewType, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Untrusted = NewType("Untrusted", dict[str, Json])  # JSON from a student's file or kernel
