"""A result of xrdct with h5py and numpy alone.

    python3 examples/read-with-h5py.py cell.nxs

Maps with their uncertainty and status, the pattern of a voxel, what made the file, and the plot that it asks
viewers to show first. Nothing here knows xrdct: the file is NeXus. Its layout: docs/result-file.md.
"""
import json
import sys

import h5py
import numpy as np


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def default_plot(file):
    """The NXdata group that the chain of `default` attributes leads to."""
    group = file
    while "signal" not in group.attrs:
        group = group[text(group.attrs["default"])]
    return group


def result_names(file):
    """Every result, named as in `xrdct export --list`: map/NMC532/a, reconstruct/data ..."""
    names = []

    def visit(path, item):
        if text(item.attrs.get("NX_class", "")) == "NXdata":
            names.append(path)

    file["entry"].visititems(visit)
    return names


def axes_of(group):
    """[(name, values, unit)], one for each dimension of the signal; values are None where an axis only counts."""
    found = []
    for name in map(text, group.attrs["axes"]):
        if name == ".":
            found.append((name, None, ""))
        else:
            found.append((name, group[name][:], text(group[name].attrs.get("units", ""))))
    return found


def read_map(file, name):
    """Values [y, x] with unit; esd and status where the map has them; only converged voxels are numbers to rely on."""
    group = file["entry"][name]
    data = group["data"]
    esd = group["data_errors"][:] if "data_errors" in group else None
    status = group["status"][:] if "status" in group else None
    good = np.isfinite(data[:]) if status is None else status == 0
    return {"values": data[:], "esd": esd, "status": status, "good": good, "unit": text(data.attrs.get("units", ""))}


def status_meanings(file, name):
    """{0: "converged", 1: "notFitted" ...}, as the file itself explains them."""
    attributes = file["entry"][name]["status"].attrs
    return dict(zip(attributes["flag_values"].tolist(), map(text, attributes["flag_meanings"])))


def voxel_pattern(file, y_mm, x_mm, name="reconstruct/data"):
    """The pattern of the voxel nearest to (y, x): radial axis, unit, intensity, sigma. Only this voxel is read."""
    group = file["entry"][name]
    (_, ys, _), (_, xs, _), (_, axis, unit) = axes_of(group)
    row, col = np.abs(ys - y_mm).argmin(), np.abs(xs - x_mm).argmin()
    sigma = group["data_errors"][row, col] if "data_errors" in group else None
    return {"axis": axis, "unit": unit, "intensity": group["data"][row, col], "sigma": sigma}


def provenance(file):
    """The stages in the order in which they ran: program, version, end, settings, files read with their SHA-256."""
    stages = []
    for name, group in file["entry"].items():
        if text(group.attrs.get("NX_class", "")) != "NXprocess":
            continue
        inputs = group.get("inputs")
        stages.append(
            {
                "stage": name,
                "index": int(group["sequence_index"][()]),
                "program": f"{text(group['program'][()])} {text(group['version'][()])}",
                "date": text(group["date"][()]),
                "settings": json.loads(group["configuration/data"][()]),
                "inputs": {} if inputs is None else dict(zip(map(text, inputs["path"]), map(text, inputs["sha256"]))),
            }
        )
    return sorted(stages, key=lambda stage: stage["index"])


if __name__ == "__main__":
    with h5py.File(sys.argv[1]) as file:
        plot = default_plot(file)
        print(f"opens with {plot.name}: {text(plot['title'][()])}")
        for stage in provenance(file):
            print(f"{stage['index']}. {stage['stage']} by {stage['program']}, {len(stage['inputs'])} files read")
        for name in result_names(file):
            if not name.startswith("map/") or file["entry"][name]["data"].ndim != 2:
                continue
            found = read_map(file, name)
            good = found["good"]
            if good.any():
                spread = "" if found["esd"] is None else f", median esd {np.nanmedian(found['esd'][good]):.2g}"
                print(f"{name}: median {np.nanmedian(found['values'][good]):.6g} {found['unit']}{spread}, {good.sum()} voxels")
        if "reconstruct/data" in file["entry"]:
            pattern = voxel_pattern(file, 0, 0)
            strongest = pattern["axis"][np.nanargmax(pattern["intensity"])]
            print(f"voxel in the middle: strongest at {strongest:.3f} {pattern['unit']}")
