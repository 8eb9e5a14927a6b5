#!/bin/bash
# The peak of resident memory while 4 GB of images are streamed: bench/stream_memory.sh [MEMORY in MB] [GB].
# The folder has hard links to 500 JPEGs of about 100 kB; the shards have copies, and take as much disk.
# Needs Python with Pillow; PYTHON says which.
set -eu
memory=${1:-256} gigabytes=${2:-4}
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/stream-memory-XXXXXX")
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" - "$work" "$gigabytes" <<'EOF'
import os, pathlib, sys
from PIL import Image
work, gigabytes = pathlib.Path(sys.argv[1]), float(sys.argv[2])
(work / "once").mkdir()
files = []
for i in range(500):
    name = work / "once" / f"{i:03}.jpg"
    Image.effect_noise((320, 320), 60).convert("RGB").save(name, quality=95)
    files.append(name)
count = int(gigabytes * 1e9 / (sum(f.stat().st_size for f in files) / len(files)))
for i in range(count):
    folder = work / "photos" / f"class{i % 10}"
    folder.mkdir(parents=True, exist_ok=True)
    os.link(files[i % 500], folder / f"{i:07}.jpg")
print(f"{count} images, {gigabytes:g} GB")
EOF
cd "$work"
"$root/build/release/bench/stream_speed" photos 2 "$memory" 32
"$root/build/release/evenkeel" data pack photos --out shards --shard-size 256M
"$root/build/release/bench/stream_speed" shards 2 "$memory" 32
