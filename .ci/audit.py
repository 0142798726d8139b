"""`make audit`: known vulnerabilities of every package in requirements.lock, and plainly what nobody could look up.

pip-audit says "No known vulnerabilities found" and exits 0 also where its source knew none of the packages.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

COMMAND = ("-r", "requirements.lock", "--require-hashes", "--disable-pip", "--progress-spinner", "off", "-f", "json")


def main(pip_audit: str) -> int:
    """0: each was looked up, and none has a known vulnerability. 1: some have. 2: not all could be looked up."""
    ran = subprocess.run([pip_audit, *COMMAND], capture_output=True, text=True, check=False)
    try:
        packages: list[dict[str, Any]] = json.loads(ran.stdout)["dependencies"]
    except ValueError:
        last = ran.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        print(f"NOT AUDITED: the source cannot be reached, or pip-audit does not run: {last[0][:300]}", file=sys.stderr)  # noqa: T201  # a person reads it
        return 2
    skipped = [one for one in packages if "skip_reason" in one]
    found = [(one, each) for one in packages for each in one.get("vulns", ())]
    for one, each in found:
        fixed = ", ".join(each["fix_versions"]) or "none yet"
        print(f"{one['name']} {one['version']}: {each['id']}; fixed in {fixed}")  # noqa: T201  # the result
    print(f"{len(packages) - len(skipped)} of {len(packages)} packages looked up, {len(found)} known vulnerabilities")  # noqa: T201  # the result
    if skipped:
        names = ", ".join(one["name"] for one in skipped[:5])
        print(  # noqa: T201  # a person reads it
            f"NOT AUDITED: {len(skipped)} of {len(packages)} ({names} ...): the source does not know them. "
            "A mirror answers so; ask from a network that reaches the public index.",
            file=sys.stderr,
        )
    return 1 if found else 2 if skipped else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
