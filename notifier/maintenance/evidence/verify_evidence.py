"""Verify the evidence of one patient with Python alone: python verify_evidence.py evidence.json"""

import hashlib
import json
import sys
from pathlib import Path


def line(values: object) -> bytes:
    return (json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check(is_right: bool, what: str) -> None:
    if not is_right:
        sys.exit(f"NOT AS IT WAS SEALED: {what}")


evidence = json.loads(Path(sys.argv[1]).read_text("utf-8"))
digest, last, events = evidence["after"], dict[int, tuple[int, str]](), 0
for seal in evidence["seals"]:
    for event in seal["events"] if isinstance(seal, dict) else ():
        number, before, at, by, what, whose, *states, proof = event["line"]
        check(before == last.get(whose, (0, ""))[0], f"an event before event {number} is missing")
        last[whose], events = (number, what), events + 1
        opens = "salt" not in event or sha(bytes.fromhex(event["salt"]) + line([number, *event["content"]])) == proof
        check(opens, f"why event {number} happened, or its words")
        node = sha(b"leaf" + line(event["line"]))
        for side, other in event["path"]:
            node = sha((f"node{other}{node}" if side == "L" else f"node{node}{other}").encode())
        check(node == seal["seal"][10], f"event {number}")
        print(at, f"sealed {seal['seal'][2]}", by, what, [one for one in states + event.get("content", []) if one])
    digest = sha((digest + (seal if isinstance(seal, str) else sha(line(seal["seal"])))).encode())
check(digest == evidence["digest"], "a seal was changed, taken away or moved")
ended = sorted(whose for whose, (_, what) in last.items() if what == "evidence")
check(ended == evidence["enrollments"], "events at the end are missing")
print(f"WHOLE: {events} events. Compare with a copy kept elsewhere: seal {evidence['number']} is {digest}")
