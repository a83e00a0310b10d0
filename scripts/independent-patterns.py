"""Powder patterns from the published formulas, by brute force, for src/pattern/independent-patterns.test.ts.

    /usr/bin/python3 scripts/independent-patterns.py > tests/fixtures/independent-patterns.json
    /usr/bin/python3 scripts/independent-patterns.py --all > /tmp/all.json     every point

Written from the papers, not from xrdct's code; it shares with it only the names of parameters. numpy; space-group
operations by gemmi; Waasmaier-Kirfel 1995 coefficients by cctbx (Debian: python3-gemmi, python3-cctbx). Every hkl of
the sphere is summed by itself, so nothing here knows of multiplicities, Laue classes or Friedel mates.

Int. Tables B 1.2 (structure factors), Thompson, Cox & Hastings 1987 (widths), Finger, Cox & Jephcoat 1994 (axial
divergence), Dollase 1986 (texture), Toby & Von Dreele 2013 and GSAS-II's documentation (uniaxial size and strain).
"""
import json
import sys

import gemmi
import numpy as np
from cctbx.eltbx import xray_scattering

DEG = np.pi / 180
N_AXIAL = 160


def metric(cell):
    a, b, c, al, be, ga = *cell[:3], *(v * DEG for v in cell[3:])
    return np.array(
        [
            [a * a, a * b * np.cos(ga), a * c * np.cos(be)],
            [a * b * np.cos(ga), b * b, b * c * np.cos(al)],
            [a * c * np.cos(be), b * c * np.cos(al), c * c],
        ]
    )


def sphere(g_star, d_min):
    """All hkl but 000 with d >= d_min; |h| <= a / d_min whatever the angles."""
    g = np.linalg.inv(g_star)
    most = [int(np.sqrt(g[i, i]) / d_min) + 1 for i in range(3)]
    grid = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), -1).reshape(-1, 3)
    inverse_d2 = np.einsum("ni,ij,nj->n", grid, g_star, grid)
    keep = (inverse_d2 > 1e-12) & (inverse_d2 <= d_min**-2)
    return grid[keep], inverse_d2[keep] ** -0.5


def form_factor(label, s2):
    gaussians = xray_scattering.wk1995(label, True).fetch()
    return sum(a * np.exp(-b * s2) for a, b in zip(gaussians.array_of_a(), gaussians.array_of_b())) + gaussians.c()


def f_squared(phase, values, hkl, d, g_star):
    """|F|^2 of every hkl (h and -h apart; their mean is what a powder shows)."""
    operations = [(np.array(o.rot) / 24, np.array(o.tran) / 24) for o in gemmi.SpaceGroup(phase["group"]).operations()]
    g = np.linalg.inv(g_star)
    reciprocal = np.sqrt(np.diag(g_star))
    s2 = 1 / (4 * d * d)
    total = np.zeros(len(hkl), complex)
    for site in phase["sites"]:
        x = np.array([site["x"], site["y"], site["z"]])
        images = [r @ x + t for r, t in operations]
        apart = [(image - images[0]) - np.round(image - images[0]) for image in images]
        on_site = sum(1 for v in apart if v @ g @ v < 1e-4)
        f = form_factor(site["scatterer"], s2)
        if "anomalous" in phase:
            f = f + complex(*phase["anomalous"][site["element"]])
        extra = values.get(phase["name"] + "/overallB", 0)
        for (rotation, _), image in zip(operations, images):
            if "u" in site:
                u11, u22, u33, u12, u13, u23 = site["u"]
                u = np.array([[u11, u12, u13], [u12, u22, u23], [u13, u23, u33]])
                rotated = (hkl @ rotation) * reciprocal
                damping = np.exp(-2 * np.pi**2 * np.einsum("ni,ij,nj->n", rotated, u, rotated) - extra * s2)
            else:
                damping = np.exp(-(site["b"] + extra) * s2)
            total += site["occupancy"] / on_site * f * damping * np.exp(2j * np.pi * (hkl @ image))
    return np.abs(total) ** 2


def cos_between(g_star, hkl, axis):
    p = np.array(axis)
    return (hkl @ g_star @ p) / np.sqrt(np.einsum("ni,ij,nj->n", hkl, g_star, hkl) * (p @ g_star @ p))


def pseudo_voigt(x, hg, hl):
    h5 = hg**5 + 2.69269 * hg**4 * hl + 2.42843 * hg**3 * hl**2 + 4.47163 * hg**2 * hl**3 + 0.07842 * hg * hl**4 + hl**5
    h = h5**0.2
    q = hl / h
    eta = 1.36603 * q - 0.47719 * q * q + 0.11116 * q**3
    return caglioti_pseudo_voigt(x, h, eta)


def caglioti_pseudo_voigt(x, h, eta):
    gauss = np.sqrt(4 * np.log(2) / np.pi) / h * np.exp(-4 * np.log(2) * (x / h) ** 2)
    lorentz = 2 / (np.pi * h) / (1 + 4 * (x / h) ** 2)
    return eta * lorentz + (1 - eta) * gauss


def axial_divergence(two_theta, sl, hl):
    """Positions (degrees) and weights whose sum is 1: dh over the detector's height, Gauss-Legendre on each piece."""
    nodes, weights = np.polynomial.legendre.leggauss(N_AXIAL)
    bend, end = abs(hl - sl), hl + sl
    positions, shares = [], []
    for low, high in ((0, bend), (bend, end)):
        if high == low:
            continue
        h = low + (nodes + 1) / 2 * (high - low)
        window = np.where(h <= bend, 2 * min(sl, hl), end - h)
        phi = np.arccos(np.cos(two_theta * DEG) * np.sqrt(1 + h * h))
        # D d(2phi) = W / (h cos 2phi) d(2phi), and cos 2phi = cos 2theta sqrt(1 + h^2)
        positions.append(phi / DEG)
        shares.append(weights * (high - low) * window / ((1 + h * h) * np.sin(phi)))
    shares = np.concatenate(shares)
    return np.concatenate(positions), shares / shares.sum()


def widths(phase, values, g_star, hkl, two_theta, wavelength):
    name = phase["name"]
    theta = two_theta / 2 * DEG
    cos, tan = np.cos(theta), np.tan(theta)
    get = lambda key: values.get(f"{name}/{key}", 0)
    inverse_size = 1 / get("size") if get("size") else 0
    strain = get("strain")
    if "sizeAxis" in phase:
        c2 = cos_between(g_star, hkl, phase["sizeAxis"]) ** 2
        inverse_size = np.sqrt((1 - c2) / get("size") ** 2 + c2 / get("axialSize") ** 2)
    if "strainAxis" in phase:
        c2 = cos_between(g_star, hkl, phase["strainAxis"]) ** 2
        strain = get("strain") * get("axialStrain") / np.sqrt(c2 * get("strain") ** 2 + (1 - c2) * get("axialStrain") ** 2)
    lorentz = values["X"] / cos + values["Y"] * tan + values.get("Z", 0)
    lorentz = lorentz + 0.9 * wavelength / 10 * inverse_size / cos / DEG + 4 * strain * tan / DEG
    gauss2 = values["U"] * tan**2 + values["V"] * tan + values["W"]
    if get("gaussianSize"):
        gauss2 = gauss2 + (0.9 * wavelength / 10 / get("gaussianSize") / cos / DEG) ** 2
    gauss2 = gauss2 + (4 * get("gaussianStrain") * tan / DEG) ** 2
    return np.sqrt(gauss2), lorentz + 0 * tan


def pattern(case):
    x = np.arange(case["range"][0], case["range"][1] + 1e-9, case["step"])
    values, model = case["values"], case["model"]
    y = np.zeros(len(x))
    u = -1 + 2 * (x - x[0]) / (x[-1] - x[0])
    for k in range(model["background"]["chebyshev"]):
        y += values.get(f"background/{k}", 0) * np.cos(k * np.arccos(np.clip(u, -1, 1)))
    for phase in case["phases"]:
        g_star = np.linalg.inv(metric(phase["cell"]))
        for line in model["radiation"]:
            wavelength = case["wavelength"] * line["ratio"]
            # a reflection belongs to the pattern by its line of the shortest wavelength, with all its lines
            shortest = case["wavelength"] * min(one["ratio"] for one in model["radiation"])
            top = min(179.0, case["range"][1] + model["marginDeg"])
            hkl, d = sphere(g_star, shortest / 2 / np.sin(top / 2 * DEG))
            theta = np.arcsin(wavelength / 2 / d)
            bragg = 2 * theta / DEG
            keep = bragg > case["range"][0] - model["marginDeg"]
            hkl, d, theta, bragg = hkl[keep], d[keep], theta[keep], bragg[keep]
            intensity = values[phase["name"] + "/scale"] * f_squared(phase, values, hkl, d, g_star)
            intensity *= line["weight"]
            if model["lorentz"] == "ring-sum":
                intensity /= np.sin(theta)
            else:
                intensity /= np.sin(theta) ** 2 * np.cos(theta)
            k = model["polarization"]
            intensity *= 1 - k + k * np.cos(2 * theta) ** 2
            for texture in phase.get("texture", []):
                c2 = cos_between(g_star, hkl, texture["hkl"]) ** 2
                r = texture["r"]
                intensity *= (r * r * c2 + (1 - c2) / r) ** -1.5
            shift = np.full(len(d), values.get("zero", 0.0))
            if "displacement" in model:
                moved, length = values["displacement"], model["displacement"]["lengthMm"]
                if model["displacement"]["geometry"] == "bragg-brentano":
                    shift += -2 * moved * np.cos(theta) / length / DEG
                else:
                    shift += np.arctan((1 - moved / length) * np.tan(2 * theta)) / DEG - bragg
            if model["profile"] == "tchz":
                gauss, lorentz = widths(phase, values, g_star, hkl, bragg, wavelength)
                shape = lambda i, at: pseudo_voigt(at, gauss[i], lorentz[i])
            else:
                fwhm = np.sqrt(values["U"] * np.tan(theta) ** 2 + values["V"] * np.tan(theta) + values["W"])
                fwhm = fwhm * values.get(phase["name"] + "/width", 1)
                eta = values["eta0"] + values["eta1"] * bragg
                shape = lambda i, at: caglioti_pseudo_voigt(at, fwhm[i], eta[i])
            # equal lines together: the same d with the same widths is the same line
            order = {}
            for i in range(len(d)):
                extra = (round(gauss[i], 12), round(lorentz[i], 12)) if model["profile"] == "tchz" else ()
                first = order.setdefault((round(d[i], 11), *extra), i)
                if first != i:
                    intensity[first] += intensity[i]
            for i in order.values():
                if intensity[i] < 1e-14 * intensity.max():
                    continue
                if model["hasAsymmetry"]:
                    at, shares = axial_divergence(bragg[i], values["SL"], values["HL"])
                    y += intensity[i] * (shape(i, x[:, None] - at - shift[i]) @ shares)
                else:
                    y += intensity[i] * shape(i, x - bragg[i] - shift[i])
    return x, y


def site(scatterer, xyz, occupancy=1.0, b=0.5, u=None, label=None):
    one = {"label": label or scatterer, "scatterer": scatterer, "element": "".join(c for c in scatterer if c.isalpha())}
    one.update(zip("xyz", xyz))
    one.update({"occupancy": occupancy, "b": b})
    if u:
        one["u"] = u
    return one




MONOCLINIC = [
    site("Fe3+", (0.12, 0.23, 0.31), u=[0.011, 0.007, 0.014, 0.002, 0.003, -0.001]),
    site("O2-", (0.37, 0.06, 0.44), b=0.9),
    site("Ni", (0.81, 0.42, 0.17), occupancy=0.33, b=0.3),
]
SYNCHROTRON = {
    "radiation": [{"ratio": 1, "weight": 1}],
    "polarization": 0,
    "lorentz": "azimuthal-mean",
    "profile": "tchz",
    "hasAsymmetry": False,
    "background": {"chebyshev": 3},
    "cutoff": 0,
    "marginDeg": 1,
}
MONOCHROMATOR = np.cos(26.57 * DEG) ** 2
CU = {
    **SYNCHROTRON,
    "radiation": [
        {"ratio": 1, "weight": 2 / 3},
        {"ratio": 1.5444274 / 1.5405929, "weight": 1 / 3},
    ],
    "polarization": MONOCHROMATOR / (1 + MONOCHROMATOR),
    "displacement": {"geometry": "bragg-brentano", "lengthMm": 217.5},
}
SHARP = {"U": 0.002, "V": -0.0001, "W": 0.00022, "X": 0.001, "Y": 0.005}
ALUMINA = {
    "group": "R -3 c:H",
    "cell": [4.7592, 4.7592, 12.9927, 90, 90, 120],
    "sites": [
        site("Al3+", (0, 0, 0.35218), u=[0.003, 0.003, 0.0035, 0.0015, 0, 0]),
        site("O2-", (0.3062, 0, 0.25), b=0.35),
    ],
}
CERIA = {
    "group": "F m -3 m",
    "cell": [5.4116, 5.4116, 5.4116, 90, 90, 90],
    "sites": [site("Ce4+", (0, 0, 0), b=0.25), site("O2-", (0.25, 0.25, 0.25), b=0.45)],
}
ZINCITE = {
    "group": "P 63 m c",
    "cell": [3.2498, 3.2498, 5.2066, 90, 90, 120],
    "sites": [site("Zn", (1 / 3, 2 / 3, 0), b=0.5), site("O", (1 / 3, 2 / 3, 0.3821), b=0.6)],
}


CASES = [
    {
        "name": "triclinic P-1, 0.41 A, Z and Gaussian size and strain",
        "wavelength": 0.4133,
        "range": [3, 16],
        "step": 0.004,
        "model": SYNCHROTRON,
        "values": {**SHARP, "Z": 0.002, "zero": 0.013, "background/0": 30, "background/1": -4, "background/2": 2,
                   "P/scale": 1e-3, "P/size": 110, "P/strain": 0.0006, "P/gaussianSize": 140, "P/gaussianStrain": 0.0011},
        "phases": [{"name": "P", "group": "P -1", "cell": [4.6, 5.3, 6.2, 81, 97, 103], "sites": MONOCLINIC}],
    },
    *(
        {
            "name": f"monoclinic {group}, 0.41 A, anisotropic U, overall B",
            "wavelength": 0.4133,
            "range": [3, 15],
            "step": 0.004,
            "model": {**SYNCHROTRON, "lorentz": lorentz},
            "values": {**SHARP, "zero": -0.02, "background/0": 10, "P/scale": 1e-3, "P/size": 80, "P/overallB": 0.7},
            "phases": [{"name": "P", "group": group, "cell": cell, "sites": MONOCLINIC}],
        }
        for group, cell, lorentz in (
            ("P 1 21/n 1", [5.1, 6.3, 7.2, 90, 103, 90], "azimuthal-mean"),
            ("P 1 1 21/b", [5.1, 6.3, 7.2, 90, 90, 103], "ring-sum"),
            ("I 1 2/a 1", [7.4, 6.3, 7.9, 90, 101, 90], "azimuthal-mean"),
        )
    ),
    {
        "name": "trigonal R-3c, 0.12 A, texture 0.5 about 001, uniaxial size and strain, detector shift",
        "wavelength": 0.1198,
        "range": [1.2, 9],
        "step": 0.002,
        "model": {**SYNCHROTRON, "displacement": {"geometry": "detector", "lengthMm": 1000}},
        "values": {**SHARP, "W": 0.0001, "displacement": 0.8, "background/0": 5, "P/scale": 1e-3, "P/size": 60,
                   "P/axialSize": 25, "P/strain": 0.0004, "P/axialStrain": 0.0015},
        "phases": [{"name": "P", **ALUMINA, "texture": [{"hkl": [0, 0, 1], "r": 0.5}], "sizeAxis": [0, 0, 1],
                    "strainAxis": [0, 0, 1]}],
    },
    {
        "name": "trigonal R-3m, rhombohedral axes, plain pseudo-Voigt, texture 0.5 about 110",
        "wavelength": 0.1198,
        "range": [1.2, 6],
        "step": 0.002,
        "model": {**SYNCHROTRON, "profile": "pseudo-voigt"},
        "values": {"U": 0.0012, "V": -0.0002, "W": 0.0003, "eta0": 0.4, "eta1": 0.02, "background/0": 5,
                   "P/scale": 1e-3, "P/width": 1.3},
        "phases": [{"name": "P", "group": "R -3 m:R", "cell": [5.06, 5.06, 5.06, 33.1, 33.1, 33.1],
                    "sites": [site("Li1+", (0, 0, 0), b=1), site("Ni3+", (0.5, 0.5, 0.5), b=0.4),
                              site("O2-", (0.2411, 0.2411, 0.2411), b=0.7)],
                    "texture": [{"hkl": [1, 1, 0], "r": 0.5}]}],
    },
    {
        "name": "CeO2, Cu K-alpha with monochromator, 20 to 150 deg, displacement, axial divergence, f' and f''",
        "wavelength": 1.5405929,
        "range": [20, 150],
        "step": 0.02,
        "model": {**CU, "hasAsymmetry": True},
        "values": {"U": 0.004, "V": -0.003, "W": 0.004, "X": 0.03, "Y": 0.04, "SL": 0.026, "HL": 0.021, "zero": 0.03,
                   "displacement": 0.12, "background/0": 40, "background/1": -10, "P/scale": 1e-4},
        "phases": [{"name": "P", **CERIA, "anomalous": {"Ce": [-0.68, 9.1], "O": [0.049, 0.032]}}],
    },
    {
        "name": "two phases, polar ZnO with f' and f'' and alumina, Cu K-alpha, 10 to 110 deg, S/L = H/L",
        "wavelength": 1.5405929,
        "range": [10, 110],
        "step": 0.02,
        "model": {**CU, "hasAsymmetry": True, "polarization": 0.5},
        "values": {"U": 0.01, "V": -0.006, "W": 0.005, "X": 0.02, "Y": 0.03, "SL": 0.035, "HL": 0.035,
                   "displacement": -0.09, "background/0": 20, "Z/scale": 3e-3, "Z/size": 55, "A/scale": 2e-3,
                   "A/strain": 0.0008},
        "phases": [
            {"name": "Z", **ZINCITE, "anomalous": {"Zn": [-1.55, 0.68], "O": [0.049, 0.032]},
             "texture": [{"hkl": [0, 0, 1], "r": 0.7}]},
            {"name": "A", **ALUMINA},
        ],
    },
]

if __name__ == "__main__":
    every_point = "--all" in sys.argv
    out = []
    for case in CASES:
        x, y = pattern(case)
        top = y.max()
        # the flanks and tops of the highest lines, and points all over
        chosen = np.arange(len(x)) if every_point else np.unique(
            np.concatenate([np.argsort(y)[-12:], np.linspace(0, len(x) - 1, 48).astype(int)])
        )
        rows = [[int(i), float("%.10g" % y[i])] for i in chosen]
        out.append({**case, "top": float("%.10g" % top), "points": rows})
    program = f"scripts/independent-patterns.py, numpy {np.__version__}, gemmi {gemmi.__version__}, cctbx wk1995"
    print(json.dumps({"program": program, "cases": out}, separators=(",", ":")))
