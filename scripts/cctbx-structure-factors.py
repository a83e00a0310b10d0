"""|F|^2 of CIFs by cctbx (Debian: python3-cctbx), with Waasmaier-Kirfel 1995 form factors.

    /usr/bin/python3 scripts/cctbx-structure-factors.py D_MIN FILE.cif ... > OUT.json

Each structure: number of reflections down to D_MIN, and hkl, d, multiplicity (Friedel mates included), |F|^2, the
strongest 25. tests/varied-groups.ts makes the CIFs of tests/fixtures/varied-groups.json.
"""
import json
import sys

import iotbx.cif
from cctbx import miller

d_min = float(sys.argv[1])
out = []
for path in sys.argv[2:]:
    for name, structure in iotbx.cif.reader(file_path=path).build_crystal_structures().items():
        structure.scattering_type_registry(table="wk1995")
        indices = miller.build_set(structure, anomalous_flag=False, d_min=d_min)
        squared = abs(
            indices.structure_factors_from_scatterers(structure, algorithm="direct").f_calc()
        )
        rows = [
            [*hkl, round(d, 9), int(m), float("%.9g" % (f * f))]
            for hkl, d, m, f in zip(
                squared.indices(), squared.d_spacings().data(), squared.multiplicities().data(), squared.data()
            )
        ]
        rows.sort(key=lambda row: -row[5])
        out.append({"name": name, "count": len(rows), "strongest": rows[:25]})
print(json.dumps({"d_min": d_min, "structures": out}, separators=(",", ":")))
