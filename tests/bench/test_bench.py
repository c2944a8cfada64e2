"""The bench runs as a whole, at a size that says nothing: every seed beside the others, every side of every bench."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.db import connection

from tests.bench.catalogue import BENCHES
from tests.bench.harness import ROOT


@pytest.mark.slow
@pytest.mark.django_db
def test_every_bench_gives_a_row(tmp_path):
    """All seeds fill one database: one that could not follow another was seen by nobody who ran named benches."""
    parameters = connection.get_connection_params()
    where = f"host={parameters.get('host', '')}&port={parameters.get('port', '')}"
    env = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{parameters['user']}@/postgres?{where}",
        "BENCH_SCALE": "0.002",
        "BENCH_REPEATS": "1",
        "BENCH_RESULTS": str(tmp_path / "results.json"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in rows] == [bench.name for bench in BENCHES]
    assert all(set(row) == {"name", "work", "ours", "bare", "ratio", "unit", "peak_mb"} for row in rows)
