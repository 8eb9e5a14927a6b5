"""How often the doctor is right on live PyTorch modules: planted defects, healthy ones, and PyTorch's update_bn.

    python python/bench/live_table.py [--healthy 60] [--only NAME] [--markdown FILE] [--seed 0]

A defect counts as found if one error or warning has the expected code and names the planted module's path (any path
where all layers have the defect). A healthy module counts as an alarm if it has an error or warning. Ends with 1 if
recall is below 0.95 or there are more than 2 alarms.
"""

import argparse
import copy
import itertools
import sys
import time
import warnings

import numpy as np
import torch
from torch import nn

import evenkeel_nn as ek
from live_models import CLASSES, FAMILIES, NORMALIZED, images, train

warnings.filterwarnings("ignore")
BN = nn.modules.batchnorm._BatchNorm


def normalizations(net):
    return [(n, m) for n, m in net.named_modules() if isinstance(m, BN)]


def middle(pairs, rng):
    return pairs[int(rng.integers(1, max(2, len(pairs) - 1)))] if len(pairs) > 1 else pairs[0]


class Case:
    """A planted defect: a module, its data, codes of which one is expected, and paths of which one must be named."""

    def __init__(self, name, net, data, codes, paths=None, train=None, **options):
        self.name, self.net, self.data, self.codes, self.paths = name, net, data, codes, paths
        self.train, self.options = train, options


@torch.no_grad()
def never_updated(net, rng, world):
    for _, m in normalizations(net):
        m.reset_running_stats()
    return dict(codes=["never-updated"], paths=[n for n, _ in normalizations(net)])


@torch.no_grad()
def one_never_updated(net, rng, world):
    name, m = middle(normalizations(net), rng)
    m.running_mean.zero_()
    m.running_var.fill_(1)
    return dict(codes=["never-updated", "stale-statistics"], paths=[name])


@torch.no_grad()
def stale(net, rng, world):
    name, m = middle(normalizations(net), rng)
    m.running_mean += 2 * m.running_var.sqrt()
    m.running_var *= 6
    return dict(codes=["stale-statistics"], paths=[name])


@torch.no_grad()
def nan_weight(net, rng, world):
    convs = [(n, m) for n, m in net.named_modules() if isinstance(m, nn.Conv2d)]
    name, m = middle(convs, rng)
    m.weight.view(-1)[int(rng.integers(m.weight.numel()))] = float("nan")
    return dict(codes=["not-finite"], paths=[name])


@torch.no_grad()
def bad_variance(net, rng, world):
    name, m = middle(normalizations(net), rng)
    m.running_var[int(rng.integers(len(m.running_var)))] = -0.5
    return dict(codes=["bad-variance"], paths=[name])


@torch.no_grad()
def swapped(net, rng, world):
    for _, m in normalizations(net):
        old = m.running_mean.clone()
        m.running_mean.copy_(m.bias)
        m.bias.copy_(old)
    return dict(codes=["swapped-vectors"], paths=[n for n, _ in normalizations(net)])


@torch.no_grad()
def extreme_gamma(net, rng, world):
    name, m = middle(normalizations(net), rng)
    m.weight[int(rng.integers(len(m.weight)))] = 1e5
    return dict(codes=["extreme-gamma"], paths=[name])


@torch.no_grad()
def dead(net, rng, world):
    name, m = middle(normalizations(net), rng)
    m.bias[: len(m.bias) // 2 + 1] = -60
    return dict(codes=["dead-channels"], paths=None)


@torch.no_grad()
def constant(net, rng, world):
    last = [(n, m) for n, m in net.named_modules() if isinstance(m, nn.Linear)][-1]
    last[1].weight.zero_()
    return dict(codes=["constant-output"], paths=[last[0]])


def scaled_input(net, rng, world):
    return dict(codes=["input-mismatch"], data=(world["test"][0] * 255, world["test"][1]), train=world["train"])


def shuffled_channels(net, rng, world):
    return dict(codes=["input-mismatch"], data=(world["test"][0].flip(1), world["test"][1]), train=world["train"])


def class_order(net, rng, world):
    order = torch.tensor([1, 2, 3, 0])
    return dict(codes=["class-order"], data=(world["test"][0], order[world["test"][1]]), train=world["train"])


def double_softmax(net, rng, world):
    net = train(
        nn.Sequential(FAMILIES[world["family"]](), nn.Softmax(1)), *world["train"], steps=200, seed=world["seed"]
    )
    return dict(codes=["double-softmax"], net=net)


def relu_at_the_end(net, rng, world):
    net = train(nn.Sequential(FAMILIES[world["family"]](), nn.ReLU()), *world["train"], steps=200, seed=world["seed"])
    return dict(codes=["activation-before-loss"], net=net)


def last_dropout(net, rng, world):
    net = train(
        nn.Sequential(FAMILIES[world["family"]](), nn.Dropout(0.5)), *world["train"], steps=200, seed=world["seed"]
    )
    return dict(codes=["last-dropout"], net=net, paths=["1"])


def lagging(net, rng, world):
    net = train(FAMILIES[world["family"]](), *world["train"], steps=200, seed=world["seed"], momentum=0.002)
    return dict(codes=["lagging", "stale-statistics"], net=net, paths=[n for n, _ in normalizations(net)])


def inverted(net, rng, world):
    net = train(FAMILIES[world["family"]](), *world["train"], steps=200, seed=world["seed"], momentum=0.995, batch=8)
    return dict(codes=["momentum-inverted"], net=net, paths=[n for n, _ in normalizations(net)])


class Shifted(nn.Module):
    """A strong dropout before a normalization."""

    def __init__(self):
        super().__init__()
        self.conv, self.drop, self.conv2 = (
            nn.Conv2d(3, 16, 3, 1, 1),
            nn.Dropout(0.8),
            nn.Conv2d(16, 16, 3, 2, 1, bias=False),
        )
        self.bn, self.fc = nn.BatchNorm2d(16), nn.Linear(16, CLASSES)

    def forward(self, x):
        x = torch.relu(self.bn(self.conv2(self.drop(torch.relu(self.conv(x))))))
        return self.fc(x.mean((2, 3)))


def variance_shift(net, rng, world):
    net = train(Shifted(), *world["train"], steps=300, seed=world["seed"])
    return dict(codes=["variance-shift"], net=net, paths=["bn"])


@torch.no_grad()
def frozen(net, rng, world):
    """Frozen by hand while the module trains, with statistics of other data."""
    some = normalizations(net)
    for _, m in some:
        m.running_mean += 1.5 * m.running_var.sqrt()
        m.running_var *= 4
    net.train()
    for _, m in some:
        m.eval()
    return dict(codes=["frozen-statistics", "not-loaded"], paths=[n for n, _ in some])


@torch.no_grad()
def transposed_kernels(net, rng, world):
    for m in net.modules():
        if isinstance(m, nn.Conv2d) and m.kernel_size[0] == m.kernel_size[1] > 1:
            m.weight.copy_(m.weight.transpose(2, 3).clone())
    return dict(codes=["weight-layout", "input-mismatch"], train=world["train"])


def by_batch(net, rng, world):
    net = FAMILIES[world["family"]]()
    for _, m in normalizations(net):
        m.track_running_stats, m.running_mean, m.running_var, m.num_batches_tracked = False, None, None, None
    return dict(codes=["evaluation-by-batch"], net=train(net, *world["train"], steps=200, seed=world["seed"]))


@torch.no_grad()
def averaged(net, rng, world):
    other = train(FAMILIES[world["family"]](), *world["train"], steps=240, seed=world["seed"] + 50)
    for a, b in zip(net.parameters(), other.parameters()):
        a.copy_(0.5 * (a + b))
    return dict(codes=["averaged-weights", "stale-statistics"], paths=[n for n, _ in normalizations(net)])


PLANTED = [
    never_updated,
    one_never_updated,
    stale,
    nan_weight,
    bad_variance,
    swapped,
    extreme_gamma,
    dead,
    constant,
    scaled_input,
    class_order,
    double_softmax,
    relu_at_the_end,
    last_dropout,
    lagging,
    inverted,
    variance_shift,
    frozen,
    by_batch,
    averaged,
]
# For these a family without normalizations is a case as well.
FOR_ALL = {nan_weight, constant, scaled_input, class_order, double_softmax, relu_at_the_end, last_dropout}


def cases(seed, each):
    """(defect's name, family, seed) of every planted case: `each` families of each defect, in turns."""
    turn = itertools.cycle(range(len(NORMALIZED)))
    for plant in PLANTED:
        families = list(FAMILIES) if plant in FOR_ALL else NORMALIZED
        if plant is variance_shift:
            families = ["resnet"]
        first = next(turn)
        for k in range(each):
            yield plant, families[(first + k * 2) % len(families)], seed + k


class Worlds:
    """Trained modules, each trained once."""

    def __init__(self):
        self._nets, self._train, self._test = {}, images(1536, 1), images(512, 2)

    def world(self, family, seed):
        if (family, seed) not in self._nets:
            torch.manual_seed(seed)
            self._nets[family, seed] = train(FAMILIES[family](), *self._train, seed=seed)
        return copy.deepcopy(self._nets[family, seed]), {
            "family": family,
            "seed": seed,
            "train": self._train,
            "test": self._test,
        }


def serious(report):
    return [f for f in report.findings if f.severity != "info"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--healthy", type=int, default=60)
    parser.add_argument("--each", type=int, default=4, help="families of each planted defect")
    parser.add_argument("--only", default="", help="one planted defect")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", default="")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    worlds, rows, passes = Worlds(), {}, []
    started = time.time()
    for plant, family, seed in cases(arguments.seed, arguments.each):
        if arguments.only and plant.__name__ != arguments.only:
            continue
        net, world = worlds.world(family, seed)
        planted = plant(net, np.random.default_rng(seed), world)
        net = planted.get("net", net)
        report = ek.diagnose(
            net,
            planted.get("data", world["test"]),
            train=planted.get("train", world["train"]),
            loss="cross_entropy",
            verbose=False,
        )
        passes.append(report.passes)
        hits = [f for f in serious(report) if f.code in planted["codes"]]
        paths = planted.get("paths")
        right = [f for f in hits if paths is None or set(f.layers) & set(paths)]
        row = rows.setdefault(plant.__name__, [0, 0, []])
        row[0] += 1
        row[1] += bool(right)
        said = ", ".join(f"{f.code} {'/'.join(f.layers[:2])}" for f in serious(report)) or "nothing"
        if not right:
            row[2].append(f"{family}: {said}")
        print(f"{'ok  ' if right else 'MISS'} {plant.__name__:18} {family:13} {said}"[:170], flush=True)
    alarms = []
    if not arguments.only:
        names = list(FAMILIES)
        for k in range(arguments.healthy):
            family, seed = names[k % len(names)], 100 + k
            net, world = worlds.world(family, seed)
            report = ek.diagnose(net, world["test"], train=world["train"], loss="cross_entropy", verbose=False)
            passes.append(report.passes)
            if serious(report):
                alarms.append(
                    f"{family} (seed {seed}): "
                    + ", ".join(f"{f.code} {'/'.join(f.layers[:2])}" for f in serious(report))
                )
                print("ALARM", alarms[-1], flush=True)
    planted, found = sum(r[0] for r in rows.values()), sum(r[1] for r in rows.values())
    lines = ["| planted | cases | found, with the module's path | missed |", "|---|---|---|---|"]
    lines += [f"| {name} | {n} | {k} | {'; '.join(missed) or '-'} |" for name, (n, k, missed) in rows.items()]
    lines.append(
        f"\n{found} of {planted} planted defects found ({found / max(1, planted):.3f}); {len(alarms)} alarms on "
        f"{0 if arguments.only else arguments.healthy} healthy modules; at most {max(passes):.1f} passes of the "
        f"sample, {np.mean(passes):.1f} on average; {time.time() - started:.0f} s."
    )
    lines += [f"- alarm: {a}" for a in alarms]
    if not arguments.only:
        lines += ["", *update_bn_table(worlds)]
    text = "\n".join(lines)
    print(text)
    if arguments.markdown:
        with open(arguments.markdown, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    return 1 if found < 0.95 * planted or len(alarms) > 2 else 0


def update_bn_table(worlds):
    """Test losses of modules with defects of their statistics: as they are, after PyTorch's update_bn, after ours."""
    lines = [
        "| defect | family | loss | after torch's update_bn | after ek.update_bn | batch of all data |",
        "|---|---|---|---|---|---|",
    ]
    for plant, family in (
        (never_updated, "resnet"),
        (stale, "tv_mobilenet"),
        (averaged, "densenet"),
        (variance_shift, "resnet"),
        (lagging, "tv_vgg"),
    ):
        net, world = worlds.world(family, 0)
        net = plant(net, np.random.default_rng(0), world).get("net", net)
        x, y = world["train"]
        loader = [x[i : i + 32] for i in range(0, len(x), 32)]
        theirs, ours = copy.deepcopy(net), copy.deepcopy(net)
        torch.optim.swa_utils.update_bn(loader, theirs)
        ek.update_bn(loader, ours)
        whole = copy.deepcopy(net)
        for _, m in normalizations(whole):
            m.train()
            m.momentum = 1.0
        with torch.no_grad():
            whole(x)
        losses = []
        for m in (net, theirs, ours, whole):
            m.eval()
            with torch.no_grad():
                losses.append(nn.functional.cross_entropy(m(world["test"][0]), world["test"][1]).item())
        lines.append(f"| {plant.__name__} | {family} | " + " | ".join(f"{v:.4f}" for v in losses) + " |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
