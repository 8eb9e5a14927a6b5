"""The package as a whole: how it is loaded, the program that it holds, what it exports."""

import inspect
import os
import subprocess
import sys

import pytest

import evenkeel_nn as ek


def run(code, **environment):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment})


def test_the_program_is_in_the_package(program, folder):
    assert program("--version").stdout.strip() == ek.__version__
    done = program("train", "nothing.toml", "--data", "strokes", check=False)
    assert done.returncode == 2 and "nothing.toml" in done.stderr
    listing = program("model", "resnet18", "--input", "32,32,3").stdout
    assert ek.Model.from_toml(listing).input_shape == (32, 32, 3)


def test_the_program_is_interrupted_as_ever(folder):
    import signal
    import time

    (folder / "m.toml").write_text('name = "m"\ninput = [28, 28, 1]\n[[layer]]\ntype = "Flatten"\n[[layer]]\n'
                                   'type = "Dense"\nunits = 10\n')
    running = subprocess.Popen([sys.executable, "-m", "evenkeel_nn", "train", "m.toml", "--data", "strokes", "--epochs",
                                "100000", "--out", "run"], cwd=folder, stderr=subprocess.DEVNULL,
                               env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(ek.__file__))})
    while not (folder / "run" / "metrics.csv").exists() and running.poll() is None:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 130
    assert (folder / "run" / "checkpoints").exists()


def test_openmp_is_loaded_so_that_it_waits_briefly():
    seen = run("import os; os.environ.pop('GOMP_SPINCOUNT', None); import evenkeel_nn; print(os.environ.get('GOMP_SPINCOUNT'))")
    assert seen.stdout.strip() == "None", seen.stderr


def test_numpy_is_not_needed_to_import():
    seen = run("import sys, evenkeel_nn; print('numpy' in sys.modules, 'torch' in sys.modules)")
    assert seen.stdout.split() == ["False", "False"], seen.stderr


def test_a_processor_without_avx2_is_told():
    seen = run("import evenkeel_nn", EVENKEEL_ISA="sse4")
    assert seen.returncode == 1 and "ImportError: evenkeel_nn: expected a processor with AVX2" in seen.stderr
    seen = run("import evenkeel_nn", EVENKEEL_ISA="avx9")
    assert seen.returncode == 1 and "ImportError" in seen.stderr and "avx9" in seen.stderr
    assert run("import evenkeel_nn", EVENKEEL_ISA="avx2").returncode == 0


def test_everything_that_is_exported_is_there_and_described():
    for name in ek.__all__:
        if name in ("update_bn", "from_torch"):
            continue
        value = getattr(ek, name)
        assert value.__doc__ and len(value.__doc__) > 20, name
        if inspect.isclass(value) and value.__module__.startswith("evenkeel_nn"):
            for member, method in vars(value).items():
                if not member.startswith("_") and (callable(method) or isinstance(method, property)):
                    assert method.__doc__, f"{name}.{member}"
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        ek.fitt


def test_a_process_that_forks_computes_on_both_sides():
    code = """
import os, numpy as np, evenkeel_nn as ek
m = ek.Sequential([ek.Input((4,)), ek.Dense(2)])
x = np.ones((8, 4), np.float32)
a = ek.predict(m, x, verbose=False)
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(ek.predict(m, x, verbose=False), a) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), np.array_equal(ek.predict(m, x, verbose=False), a))
"""
    seen = run(code)
    assert seen.stdout.split() == ["0", "True"], seen.stderr
