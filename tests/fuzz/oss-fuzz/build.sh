#!/bin/bash -eu
# What OSS-Fuzz runs in its image: builds the fuzz targets with $CXX and $CXXFLAGS for the engine $LIB_FUZZING_ENGINE,
# and puts them with seeds, dictionaries and the libraries they need into $OUT. Runs in the root of the repository.
build=${WORK:-/tmp}/build
# The system's C++ libraries are built for libstdc++.
flags=${CXXFLAGS//-stdlib=libc++/}
# The image's compiler brings no OpenMP; Ubuntu's has the same interface.
mkdir -p "$build/include"
cp "$(find /usr/lib/llvm-* -name omp.h | head -n 1)" "$build/include/"
openmp=$(find /usr/lib/llvm-* -name libomp.so | head -n 1)

cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_BUILD_TYPE=None \
  -DCMAKE_CXX_FLAGS="$flags -DHWY_COMPILE_ONLY_STATIC -isystem $build/include" \
  -DCMAKE_EXE_LINKER_FLAGS='-Wl,-rpath,$ORIGIN/lib' -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON \
  -DOpenMP_CXX_FLAGS=-fopenmp=libomp -DOpenMP_CXX_LIB_NAMES=omp -DOpenMP_omp_LIBRARY="$openmp" \
  -DEVENKEEL_BUILD_APP=OFF -DEVENKEEL_BUILD_FUZZ=ON -DEVENKEEL_FUZZING_ENGINE="$LIB_FUZZING_ENGINE"
ninja -C "$build" fuzz_targets

mkdir -p "$OUT/lib"
for target in "$build"/tests/fuzz/fuzz_*; do
  name=$(basename "$target")
  cp "$target" "$OUT/"
  zip -q -j "$OUT/${name}_seed_corpus.zip" tests/fuzz/corpus/"${name#fuzz_}"/*
  dictionary=tests/fuzz/${name#fuzz_}.dict
  [ ! -f "$dictionary" ] || cp "$dictionary" "$OUT/$name.dict"
  # The machines that run the targets have none of the libraries but libc's own.
  ldd "$target" | awk '$3 ~ /^\// && $1 !~ /^(libc|libm|libpthread|libdl|librt)\.so/ {print $3}' | xargs cp -n -t "$OUT/lib"
done
