"""How golden files are stored: as little as they hold, the same bytes every time."""
import gzip
import io
import json
import zipfile

import numpy as np


def write_npz_gz(path, arrays):
    """An .npz compressed as a whole: for many small arrays far less than each compressed by itself."""
    npz = io.BytesIO()
    with zipfile.ZipFile(npz, "w", zipfile.ZIP_STORED) as members:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            members.writestr(zipfile.ZipInfo(name + ".npy"), member.getvalue())
    path.write_bytes(gzip.compress(npz.getvalue(), compresslevel=9, mtime=0))


def shortest(number):
    """A float32 as the shortest number that reads back as it."""
    return float(str(np.float32(float(number))))


def write_cases(path, sequences, cases):
    """Sequences once, by name, and a line per case."""
    line = lambda value: json.dumps(value, separators=(",", ":"))
    path.write_text('{"sequences":' + line(sequences) + ',\n"cases":[\n' + ",\n".join(map(line, cases)) + "\n]}\n")
