#!/usr/bin/env python3
"""How fast JPEG files become batches: ours against PyTorch's DataLoader with Pillow, on the same files.

    python bench/compare/stream.py                            # 32 x 32 (W1) and 256 x 256 pixels, 1 and 2 workers
    python bench/compare/stream.py --sizes 256 --images 4000

Each program goes through all images twice; the second time is measured. Both give float32 batches of 250. PyTorch:
ImageFolder, PILToTensor and .float(), with as many worker processes as ours has threads. Prints a Markdown table. Our
side is build/release/bench/stream_speed, and the shards come from build/release/evenkeel.
"""
import argparse
import json
import pathlib
import random
import subprocess
import tempfile
import time

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BATCH = 250


def write_images(folder, size, count):
    """Images like photographs: smooth colours with some noise, quality 90."""
    draw = random.Random(0)
    for i in range(count):
        small = Image.new("RGB", (max(2, size // 8), max(2, size // 8)))
        small.putdata([tuple(draw.randrange(256) for _ in range(3)) for _ in range(small.width * small.height)])
        noise = Image.effect_noise((size, size), 20).convert("RGB")
        image = Image.blend(small.resize((size, size), Image.BICUBIC), noise, 0.2)
        path = folder / f"class{i % 10}"
        path.mkdir(parents=True, exist_ok=True)
        image.save(path / f"{i:06}.jpg", quality=90)


def ours(spec, workers):
    out = subprocess.run([ROOT / "build/release/bench/stream_speed", spec, str(workers), "0", str(BATCH)], check=True,
                         capture_output=True, text=True).stdout
    return json.loads(out)["images_per_s"]


def torch_loader(folder, workers):
    import torch
    from torch.utils.data import DataLoader, Dataset

    class Folder(Dataset):
        def __init__(self):
            self.files = sorted(folder.rglob("*.jpg"))
            self.classes = sorted({file.parent.name for file in self.files})

        def __len__(self):
            return len(self.files)

        def __getitem__(self, i):
            image = Image.open(self.files[i]).convert("RGB")
            pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
            return (pixels.view(image.height, image.width, 3).permute(2, 0, 1).float(),
                    self.classes.index(self.files[i].parent.name))

    loader = DataLoader(Folder(), batch_size=BATCH, shuffle=True, num_workers=workers, persistent_workers=True)
    for _ in range(2):
        start = time.perf_counter()
        for _ in loader:
            pass
        seconds = time.perf_counter() - start
    return len(loader.dataset) / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 256])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--images", type=int, help="default 10,000 of 32 pixels, fewer of larger ones")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("| pixels | workers | ours, shards | ours, files | PyTorch + Pillow | ratio |")
    print("|---|---|---|---|---|---|")
    for size in args.sizes:
        with tempfile.TemporaryDirectory() as scratch:
            photos, shards = pathlib.Path(scratch) / "photos", pathlib.Path(scratch) / "shards"
            write_images(photos, size, args.images or max(2000, 10000 * 32 // size))
            subprocess.run([ROOT / "build/release/evenkeel", "data", "pack", photos, "--out", shards], check=True,
                           capture_output=True)
            for workers in args.workers:
                best = {"shards": 0, "files": 0, "torch": 0}
                for _ in range(args.rounds):  # in turns: a drifting clock affects all alike
                    best["shards"] = max(best["shards"], ours(shards, workers))
                    best["files"] = max(best["files"], ours(photos, workers))
                    best["torch"] = max(best["torch"], torch_loader(photos, workers))
                print(f"| {size} x {size} | {workers} | {best['shards']:,.0f}/s | {best['files']:,.0f}/s | "
                      f"{best['torch']:,.0f}/s | {best['shards'] / best['torch']:.1f} |", flush=True)


if __name__ == "__main__":
    main()
