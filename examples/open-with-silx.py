"""What silx makes of a result of xrdct: the plot it opens with, and whether it finds fault with any of them.

    silx view cell.nxs                                             # the program itself
    python3 examples/open-with-silx.py cell.nxs                    # what it will show
    python3 examples/open-with-silx.py cell.nxs window.png [PATH]  # its window as a picture, without a screen

PATH is a group of the file, as /entry/reconstruct/data; left out, the default plot.
"""
import os
import sys
import time

import silx.io
from silx.io.nxdata import NXdata, get_default


def described(path):
    """The default plot: its group, title, axes with units, and the shape of signal and errors."""
    with silx.io.open(path) as file:
        plot = get_default(file)
        errors = plot.errors
        return {
            "group": plot.group.name,
            "title": plot.title,
            "signal": [plot.signal_name, list(plot.signal.shape)],
            "axes": [[name, axis[0].item(), axis[-1].item()] for name, axis in zip(plot.axes_names, plot.axes)],
            "errors": None if errors is None else list(errors.shape),
            "interpretation": plot.interpretation,
        }


def faults(path):
    """Every NXdata group that silx takes as invalid, with its reasons; and how many there are in all."""
    found, count = {}, 0
    with silx.io.open(path) as file:
        groups = []
        file.visititems(lambda _, item: groups.append(item) if item.attrs.get("NX_class") == "NXdata" else None)
        for group in groups:
            count += 1
            data = NXdata(group)
            if not data.is_valid or data.issues:
                found[group.name] = data.issues
    return count, found


def photograph(path, picture, group="/"):
    """Opens the file in the window of `silx view`, selects the group, and saves what is shown."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from silx.app.view.Viewer import Viewer
    from silx.gui import qt

    app = qt.QApplication.instance() or qt.QApplication([])

    def let_it_draw(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            app.processEvents()
            time.sleep(0.02)

    window = Viewer()
    window.resize(1200, 800)
    window.appendFile(path)
    window.show()
    let_it_draw(1.5)
    if group != "/":
        window.displayData(silx.io.open(path)[group])
        let_it_draw(1.5)
    window.grab().save(picture)


if __name__ == "__main__":
    print(described(sys.argv[1]))
    print("NXdata groups: %d, of which invalid: %s" % faults(sys.argv[1]))
    if len(sys.argv) > 2:
        photograph(*sys.argv[1:])
