"""Ctrl-C, and what is shown meanwhile."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from support import small_data, small_model

import evenkeel_nn as ek


def interrupted_after(seconds):
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    return timer


def test_ctrl_c_ends_training_after_the_step(model, data):
    begun = threading.Event()

    class Begun(ek.Callback):
        def on_train_begin(self, logs):
            begun.set()

    def press():
        begun.wait(30)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ek.fit(model, *data, epochs=10**6, callbacks=[Begun()], verbose=False)
    assert time.monotonic() - started < 20
    assert model.history.stopped and len(model.history["epoch"]) >= 1
    assert np.isfinite(ek.evaluate(model, *data, verbose=False).loss)
    assert len(ek.fit(model, *data, epochs=2, verbose=False)["epoch"]) == 2


def test_ctrl_c_ends_an_evaluation_a_prediction_and_a_diagnosis(trained):
    x, y = small_data(200000)
    for call in (lambda: ek.evaluate(trained, x, y, batch_size=1, verbose=False),
                 lambda: ek.predict(trained, x, batch_size=1, verbose=False),
                 lambda: ek.diagnose(trained, (x, y), samples=0, verbose=False)):
        timer = interrupted_after(0.5)
        with pytest.raises(KeyboardInterrupt):
            call()
        timer.join()
    assert np.isfinite(ek.evaluate(trained, *small_data(), verbose=False).loss)


def test_what_a_handler_raises_comes_out(model, data):
    class Asked(Exception):
        pass

    def handler(*_):
        raise Asked

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        with pytest.raises(Asked):
            ek.fit(model, *data, epochs=10**6, verbose=False)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_other_threads_of_python_go_on_meanwhile(model, data):
    counted = []
    done = threading.Event()

    def count():
        while not done.is_set():
            counted.append(1)
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    ek.fit(model, *data, epochs=300, verbose=False)
    done.set()
    thread.join()
    assert len(counted) > 20


def test_a_line_for_each_epoch_where_no_terminal_is(model, data, capfd):
    ek.fit(model, *data, epochs=2)
    shown = capfd.readouterr()
    assert shown.out == "" and [line.split()[1] for line in shown.err.splitlines()] == ["1/2", "2/2"]
    ek.fit(model, *data, epochs=2, verbose=False)
    ek.evaluate(model, *data)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(ek.InputError, match="verbose"):
        ek.fit(model, *data, verbose="loud")


def test_a_bar_in_a_terminal(folder):
    """Seen through a terminal of our own."""
    import pty

    code = ("import sys; sys.path.insert(0, %r); from support import *; "
            "ek.fit(small_model(), *small_data(), epochs=2000)" % os.path.dirname(__file__))
    master, slave = pty.openpty()
    running = subprocess.Popen([sys.executable, "-c", code], stderr=slave, stdout=subprocess.DEVNULL)
    os.close(slave)
    seen = b""
    try:
        while b"left" not in seen and running.poll() is None:
            seen += os.read(master, 4096)
    finally:
        running.kill()
        running.wait()
        os.close(master)
    assert b"[=" in seen or b"[>" in seen
    assert b"epoch " in seen and b"loss " in seen


def test_an_output_cell_in_a_notebook(monkeypatch, model, data):
    """With a stand-in for IPython: one cell, drawn over itself."""
    import types

    shown = []

    class Handle:
        def update(self, html):
            shown.append(("update", html))

    class ZMQInteractiveShell:
        pass

    def display(html, display_id):
        shown.append(("display", html))
        return Handle()

    fake = types.ModuleType("IPython")
    fake.get_ipython = ZMQInteractiveShell
    fake.display = types.ModuleType("IPython.display")
    fake.display.HTML = str
    fake.display.display = display
    monkeypatch.setitem(sys.modules, "IPython", fake)
    monkeypatch.setitem(sys.modules, "IPython.display", fake.display)
    ek.fit(model, *data, epochs=2)
    assert any("epoch 2/2" in html for _, html in shown)
