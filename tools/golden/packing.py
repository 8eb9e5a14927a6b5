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
            np.lib.format.write_array(member, np.asanyarray(array, order="C"), allow_pickle=False)
            members.writestr(zipfile.ZipInfo(name + ".npy"), member.getvalue())
    path.write_bytes(gzip.compress(npz.getvalue(), compresslevel=9, mtime=0))


def shortest(number):
    """A float32 as the shortest number that reads back as it."""
    return float(str(np.float32(float(number))))


def write_cases(path, sequences, cases):
    """Sequences once, by name, and a line per case."""
    line = lambda value: json.dumps(value, separators=(",", ":"))
    path.write_text('{"sequences":' + line(sequences) + ',\n"cases":[\n' + ",\n".join(map(line, cases)) + "\n]}\n")


def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return repr(value)


def toml(case):
    tables = [f'name = "{case.name}"\ninput = {toml_value(case.input)}\n']
    for kind, options in case.layers:
        tables.append(toml_table("[[layer]]", {"type": kind, **options}))
    tables.append(toml_table("[training]", {**case.training, "epochs": 1}))
    return "\n".join(tables)


def toml_table(title, entries):
    return "\n".join([title] + [f"{key} = {toml_value(value)}" for key, value in entries.items()]) + "\n"
