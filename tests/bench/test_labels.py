"""10,000 labels to PDF against the time of encoding the symbols alone, in the same run, with the peak memory.

600 labels by default; `XUNAN_BENCH=full` measures all 10,000. Goal: at most 6 times, at most 200 MB."""

import json
import os
import subprocess
import sys

import pytest

# VmHWM, not ru_maxrss: the latter still counts what the parent held when it forked.
MEASURE = """
import json, os, re, sys, tempfile, time
from pathlib import Path
from qr.sheets import write_sheet
from qr.symbols import symbol
from tests.qr.sample import labels

count, heard = int(sys.argv[1]), []
made = list(labels(count))
symbol(made[0].url)
began = time.process_time()
for label in made:
    symbol(label.url)
encoding = time.process_time() - began
with tempfile.TemporaryDirectory() as folder:
    out = Path(folder) / "labels.pdf"
    began = time.process_time()
    done = write_sheet(out, made, "70x37", progress=heard.append)
    printing = time.process_time() - began
    size = out.stat().st_size
print(json.dumps({
    "labels": done.labels, "pages": done.pages, "told": len(heard), "encoding_s": round(encoding, 2),
    "printing_s": round(printing, 2), "ratio": round(printing / encoding, 2), "file_mb": round(size / 1e6, 2),
    "load": os.getloadavg()[0],
    "peak_mb": round(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024, 1),
}))
"""


@pytest.mark.bench
def test_labels_against_encoding_alone(capsys: pytest.CaptureFixture[str]) -> None:
    count = 10_000 if os.environ.get("XUNAN_BENCH") == "full" else 600
    ran = subprocess.run([sys.executable, "-c", MEASURE, str(count)], capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout)
    with capsys.disabled():
        print(f"\nlabels to PDF: {found} (goals: ratio <= 6, peak <= 200 MB)")
    assert found["labels"] == count
    assert found["pages"] == found["told"] == -(-count // 24)
    assert found["ratio"] > 0
    assert found["peak_mb"] <= 200
