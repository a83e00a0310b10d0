"""What centring and air removal cost in numpy, done the plain way that scripts of the field do it: the total over the
bins, the axis searched in tenths of a step by comparing the first projection with the last one mirrored, then every
bin of every projection moved by linear interpolation; and the mean of the outer translations of each projection
subtracted. CPU seconds for the whole stack, measured on a block of its bins. Prints one JSON object.

    /usr/bin/python3 bench/peer-sinogram.py ANGLES TRANSLATIONS BINS
"""
import json
import sys
import time

import numpy as np

angles, translations, bins = (int(value) for value in sys.argv[1:4])
block = 32
stack = np.random.default_rng(1).random((translations, angles, block), dtype=np.float32)
old = np.arange(translations)


def centre(data):
    total = data.sum(axis=2)
    best, at = None, 0.0
    for axis in np.arange(translations / 2 - 5, translations / 2 + 5, 0.1):
        new = axis + np.arange(-(translations // 2), translations // 2)
        first, last = (np.interp(new, old, total[:, i]) for i in (0, angles - 1))
        spread = np.std(first - last[::-1])
        if best is None or spread < best:
            best, at = spread, axis
    new = at + np.arange(-(translations // 2), translations // 2)
    moved = np.empty((new.size, angles, data.shape[2]), dtype=np.float32)
    for b in range(data.shape[2]):
        for a in range(angles):
            moved[:, a, b] = np.interp(new, old, data[:, a, b])
    return moved


def take_off_air(data, outer=10):
    for a in range(angles):
        air = (data[:outer, a].mean(axis=0) + data[-outer:, a].mean(axis=0)) / 2
        data[:, a] -= air


def least_cpu(work, repeats=3):
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


moved = centre(stack)
print(json.dumps({
    "centring": least_cpu(lambda: centre(stack)) * bins / block,
    "air": least_cpu(lambda: take_off_air(moved)) * bins / block,
}))
