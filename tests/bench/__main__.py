"""`make bench`: every bench beside its bare engine, into .local/bench/results.json.

`python -m tests.bench NAME …` runs only the named ones. BENCH_SCALE=0.1 shrinks every amount to a tenth,
BENCH_REPEATS=1 takes one run of each side instead of the best of several, BENCH_RESULTS=FILE writes elsewhere.
The database is one of its own on the server of DATABASE_URL, dropped at the end.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.bench.catalogue import BENCHES
from tests.bench.harness import ROOT, child, run, say, write
from tests.bench.scratch import scratch


def main(names: list[str]) -> None:
    """Seed what the wanted benches need, each seed once, run them and write the table."""
    unknown = set(names) - {bench.name for bench in BENCHES}
    if unknown:
        sys.exit(f"no such bench: {', '.join(sorted(unknown))}")
    if "packet_one_changed" in names and "packet" not in names:
        sys.exit("packet_one_changed goes on from packet: name both")
    wanted = [bench for bench in BENCHES if not names or bench.name in names]
    results, failed = [], []
    with scratch():
        unfilled = set()
        for seed in dict.fromkeys(bench.seed for bench in wanted):
            try:
                child(seed)
            except RuntimeError as error:
                unfilled.add(seed)
                say(str(error))
        for bench in wanted:
            try:
                if bench.seed in unfilled:
                    raise RuntimeError(f"{bench.name}: not run, its rows could not be made")
                results.append(run(bench))
            except RuntimeError as error:
                failed.append(bench.name)
                say(str(error))
            else:
                say(f"{bench.name}: {results[-1].ours} s, bare {results[-1].bare} s; {results[-1].work}")
    write(results, Path(os.environ.get("BENCH_RESULTS") or ROOT / ".local" / "bench" / "results.json"))
    if failed:
        sys.exit(f"these failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
