// Replaces operator new of this test program to see who allocates while a prepared kernel runs.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "evenkeel/kernels/convolution/convolution.h"
#include "evenkeel/kernels/matmul/gemm.h"
#include "tests/kernels/convolution_cases.h"

namespace {

std::atomic<bool> watching{false};
std::atomic<int> allocations{0};

/// oneDNN makes a map of its arguments in every call; that is not ours to change.
bool in_onednn(const void* address) {
  Dl_info info{};
  return dladdr(address, &info) != 0 && info.dli_fname && std::strstr(info.dli_fname, "libdnnl") != nullptr;
}

void* allocate(std::size_t bytes, std::size_t alignment, const void* caller) {
  if (watching && !in_onednn(caller)) ++allocations;
  void* const memory = alignment > alignof(std::max_align_t)
                           ? std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment)
                           : std::malloc(bytes > 0 ? bytes : 1);
  if (!memory) throw std::bad_alloc();
  return memory;
}

/// How often anything but oneDNN allocates in body().
template <class Body>
int allocations_in(Body body) {
  allocations = 0;
  watching = true;
  body();
  watching = false;
  return allocations;
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes, 1, __builtin_return_address(0)); }
void* operator new[](std::size_t bytes) { return allocate(bytes, 1, __builtin_return_address(0)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment), __builtin_return_address(0));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment), __builtin_return_address(0));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace evenkeel::kernels {
namespace {

/// One shape for oneDNN, one for each way to go by gemm.
std::vector<Case> shapes() {
  return {
      make_case(4, {9, 9}, 6, 20, {3, 3}, {1, 1}, Pad::same), make_case(16, {2, 2}, 12, 20, {3, 3}, {1, 1}, Pad::same),
      make_case(4, {6, 6}, 12, 20, {1, 1}, {2, 2}, Pad::valid), make_case(5, {8, 8}, 3, 20, {3, 3}, {1, 1}, Pad::same)};
}

struct Buffers {
  explicit Buffers(const Case& at)
      : x(random_values(at.x_size(), 1)),
        kernel(random_values(at.kernel_size(), 2)),
        bias(random_values(at.filters, 3)),
        y(random_values(at.y_size(), 4)) {}
  std::vector<float> x, kernel, bias, y;
};

TEST(Allocations, AreSeenByThisTest) {
  std::vector<float> values;
  EXPECT_EQ(allocations_in([&] { values.resize(1000); }), 1);
}

TEST(Allocations, NoneWhileAPreparedConvolutionRuns) {
  for (const Case& at : shapes())
    for (const Activation f : {Activation::relu, Activation::elu}) {
      const Threads threads(2);
      const auto prepared = prepare_convolution(at.window, at.filters, true, f, Machine::here(), threads);
      const Poisoned scratch(prepared.scratch_bytes);
      Buffers b(at);
      const auto run = [&] { prepared.run(b.x.data(), b.kernel.data(), b.bias.data(), b.y.data(), scratch.data()); };
      run();
      EXPECT_EQ(allocations_in(run), 0) << prepared.name << " " << name_of(f);
    }
}

TEST(Allocations, NoneWhileAPreparedDataGradientRuns) {
  for (const Case& at : shapes()) {
    const auto prepared = prepare_convolution_data_gradient(at.window, at.filters, Machine::here(), Threads(2));
    const Poisoned scratch(prepared.scratch_bytes);
    Buffers b(at);
    const auto run = [&] { prepared.run(b.y.data(), b.kernel.data(), b.x.data(), scratch.data()); };
    run();
    EXPECT_EQ(allocations_in(run), 0) << prepared.name;
  }
}

TEST(Allocations, NoneWhileAPreparedKernelGradientRuns) {
  for (const Case& at : shapes()) {
    const auto prepared = prepare_convolution_kernel_gradient(at.window, at.filters, Machine::here(), Threads(2));
    const Poisoned scratch(prepared.scratch_bytes);
    Buffers b(at);
    const auto run = [&] { prepared.run(b.x.data(), b.y.data(), b.kernel.data(), scratch.data()); };
    run();
    EXPECT_EQ(allocations_in(run), 0) << prepared.name;
  }
}

TEST(Allocations, NoneInGemm) {
  const auto a = random_values(64 * 100, 1), b = random_values(100 * 10, 2);
  std::vector<float> c(640);
  const Threads threads(2);
  const auto run = [&] { gemm(Transpose::no, Transpose::no, 64, 10, 100, a.data(), b.data(), c.data(), threads); };
  run();
  EXPECT_EQ(allocations_in(run), 0);
}

}  // namespace
}  // namespace evenkeel::kernels
