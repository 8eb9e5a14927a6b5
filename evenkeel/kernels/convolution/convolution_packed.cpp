#include "evenkeel/kernels/convolution/convolution_packed.h"

#include <algorithm>
#include <string>
#include <vector>

#include "evenkeel/kernels/bfloat16/packed_tiles.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::kernels::packed {
namespace {

constexpr std::int64_t kPixelsAtOnce = 512;  ///< pixels at a time, unless one image has more
constexpr std::size_t kMostBytes =
    1 << 20;  ///< of a frame, of the sums, and of a chunk, so that they stay in the caches

std::size_t bytes_of(std::int64_t n, std::size_t size) { return aligned_size(static_cast<std::size_t>(n) * size); }

/// dkernel's transpose as a product over pixels, dy^T x: a row of it is a filter, a column a number of the window,
/// [kernel_h, kernel_w * c]. Each row of the kernel begins a new tile, because only within a row are the numbers of a
/// pixel's window consecutive in the image. So only dy, the smaller of the two, has to be transposed.
class KernelGradient {
 public:
  KernelGradient(const Window& window, std::int64_t filters)
      : at_(window),
        filters_(filters),
        images_(std::clamp<std::int64_t>(kPixelsAtOnce / (at_.oh * at_.ow), 1, at_.n)),
        step_tiles_(parts_of(images_ * at_.oh * at_.ow, kTileSteps)),
        tiles_of_run_(parts_of(run(), kTileRows)),
        row_blocks_(parts_of(filters, kBlock)),
        column_blocks_(parts_of(at_.kernel_h * tiles_of_run_, 2)),
        sum_bytes_(bytes_of(row_blocks_ * column_blocks_ * kBlockSums, sizeof(float))),
        a_bytes_(bytes_of(2 * row_blocks_ * step_tiles_ * kTileNumbers, sizeof(bfloat16))),
        b_bytes_(bytes_of(2 * step_tiles_ * kTileNumbers, sizeof(bfloat16))),
        frame_bytes_(bytes_of(images_ * frame_numbers(), sizeof(bfloat16))) {}

  /// Measured against oneDNN 2.6 on a machine with tiles. If windows are so large or images so small that tiles would
  /// be mostly empty, other kernels are used.
  bool serves() const {
    return at_.groups == 1 && !at_.is_dilated() && at_.oh * at_.ow * at_.n >= kPixelsAtOnce && filters_ >= 8 &&
           run() >= 8 && sum_bytes_ <= kMostBytes && a_bytes_ <= kMostBytes && frame_bytes_ <= kMostBytes;
  }
  std::size_t bytes_per_thread() const { return sum_bytes_ + a_bytes_ + b_bytes_ + frame_bytes_; }

  /// Where the window of each output pixel begins, for the images that are taken at a time.
  std::vector<std::int64_t> places() const {
    std::vector<std::int64_t> all;
    for (std::int64_t image = 0; image < images_; ++image)
      for (std::int64_t i = 0; i < at_.oh; ++i)
        for (std::int64_t j = 0; j < at_.ow; ++j)
          all.push_back(((image * frame_height() + i * at_.stride_h) * frame_width() + j * at_.stride_w) * at_.c);
    return all;
  }

  /// Adds the sums of images [begin, end) to those at the beginning of this thread's memory.
  void add(const Engine& engine, const std::int64_t* places, std::int64_t begin, std::int64_t end, const bfloat16* x,
           const bfloat16* dy, std::byte* memory) const {
    float* const sums = reinterpret_cast<float*>(memory);
    std::fill_n(sums, row_blocks_ * column_blocks_ * kBlockSums, 0.0f);
    auto* const a = reinterpret_cast<bfloat16*>(memory + sum_bytes_);
    auto* const b = reinterpret_cast<bfloat16*>(memory + sum_bytes_ + a_bytes_);
    auto* const frame = reinterpret_cast<bfloat16*>(memory + sum_bytes_ + a_bytes_ + b_bytes_);
    engine.begin();
    for (std::int64_t first = begin; first < end; first += images_) {
      const std::int64_t images = std::min(images_, end - first), pixels = images * at_.oh * at_.ow;
      const std::int64_t tiles = parts_of(pixels, kTileSteps);
      pack_a(dy + first * at_.oh * at_.ow * filters_, pixels, a);
      const bfloat16* const seen = framed(x + first * at_.h * at_.w * at_.c, images, frame);
      for (std::int64_t column = 0; column < column_blocks_; ++column) {
        pack_b(seen, places, column, pixels, b);
        for (std::int64_t row = 0; row < row_blocks_; ++row)
          engine.multiply({.tiles = tiles, .rows = filters_ - row * kBlock, .columns = columns_of(column)},
                          a + 2 * row * tiles * kTileNumbers, tiles * kTileNumbers, b,
                          sums + (row * column_blocks_ + column) * kBlockSums, true);
      }
    }
    engine.end();
  }

  /// dkernel = the threads' sums, in their order.
  void gather(const std::byte* memory, int threads, float* dkernel) const {
    for (std::int64_t p = 0; p < at_.kernel_h; ++p)
      for (std::int64_t i = 0; i < run(); ++i) {
        const std::int64_t tile = p * tiles_of_run_ + i / kTileRows;
        for (std::int64_t filter = 0; filter < filters_; ++filter) {
          const std::int64_t place =
              ((filter / kBlock * column_blocks_ + tile / 2) * 4 + filter % kBlock / kTileRows * 2 + tile % 2) *
                  kTileRows * kTileRows +
              filter % kTileRows * kTileRows + i % kTileRows;
          float total = 0;
          for (int t = 0; t < threads; ++t)
            total += reinterpret_cast<const float*>(memory + static_cast<std::size_t>(t) * bytes_per_thread())[place];
          dkernel[(p * run() + i) * filters_ + filter] = total;
        }
      }
  }

 private:
  std::int64_t run() const { return at_.kernel_w * at_.c; }
  bool needs_frame() const {
    return at_.pad_top > 0 || at_.pad_left > 0 || at_.pad_bottom() > 0 || at_.pad_right() > 0;
  }
  std::int64_t frame_width() const { return needs_frame() ? at_.w + at_.pad_left + at_.pad_right() : at_.w; }
  std::int64_t frame_height() const { return needs_frame() ? at_.h + at_.pad_top + at_.pad_bottom() : at_.h; }
  /// A tile is loaded in whole lines, with a mask; nothing after the frame is read.
  std::int64_t frame_numbers() const { return needs_frame() ? frame_height() * frame_width() * at_.c : 0; }

  /// The images themselves, or copies with zeros around them.
  const bfloat16* framed(const bfloat16* x, std::int64_t images, bfloat16* frame) const {
    if (!needs_frame()) return x;
    const std::int64_t row = frame_width() * at_.c;
    std::fill_n(frame, images * frame_numbers(), bfloat16(0.0f));
    for (std::int64_t image = 0; image < images; ++image)
      for (std::int64_t i = 0; i < at_.h; ++i)
        std::copy_n(x + (image * at_.h + i) * at_.w * at_.c, at_.w * at_.c,
                    frame + (image * frame_height() + at_.pad_top + i) * row + at_.pad_left * at_.c);
    return frame;
  }

  /// How many columns a block has: one tile of them in the last block, if the number of tiles is odd.
  std::int64_t columns_of(std::int64_t block) const {
    return std::min<std::int64_t>(2, at_.kernel_h * tiles_of_run_ - 2 * block) * kTileRows;
  }

  /// Two rows of tiles, one after the other, for each block. If the last row does not exist, it is not written, nor are
  /// such columns of b: nobody reads these sums.
  void pack_a(const bfloat16* dy, std::int64_t pixels, bfloat16* to) const {
    for (std::int64_t filter = 0; filter < filters_; filter += kTileRows)
      for (std::int64_t step = 0; step < pixels; step += kTileSteps, to += kTileNumbers)
        pack_across(dy + step * filters_ + filter, filters_, pixels - step, filters_ - filter, to);
  }

  void pack_b(const bfloat16* x, const std::int64_t* places, std::int64_t block, std::int64_t pixels,
              bfloat16* to) const {
    for (std::int64_t step = 0; step < pixels; step += kTileSteps)
      for (std::int64_t tile = 2 * block; tile < 2 * block + 2; ++tile, to += kTileNumbers) {
        const std::int64_t p = tile / tiles_of_run_, i = tile % tiles_of_run_ * kTileRows;
        if (p < at_.kernel_h)
          pack_across_for_b_at(x + p * frame_width() * at_.c + i, places + step, pixels - step, run() - i, to);
      }
  }

  Window at_;
  std::int64_t filters_;
  std::int64_t images_, step_tiles_, tiles_of_run_, row_blocks_, column_blocks_;
  std::size_t sum_bytes_, a_bytes_, b_bytes_, frame_bytes_;
};

}  // namespace

std::optional<PreparedKernelGradient<bfloat16>> convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                            const Machine& machine,
                                                                            const Threads& threads) {
  const auto engine = packed::engine(machine);
  const KernelGradient gradient(window, filters);
  if (!engine || !gradient.serves()) return std::nullopt;
  return PreparedKernelGradient<bfloat16>{
      .name = std::string("packed tiles, ") + engine->name,
      .scratch_bytes = static_cast<std::size_t>(threads.count()) * gradient.bytes_per_thread(),
      .run = [=, places = gradient.places(), n = window.n](const bfloat16* x, const bfloat16* dy, float* dkernel,
                                                           std::byte* scratch) {
        threads.parallel(n, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
          gradient.add(*engine, places.data(), begin, end, x, dy,
                       scratch + static_cast<std::size_t>(thread) * gradient.bytes_per_thread());
        });
        gradient.gather(scratch, threads.ranges(n, 1), dkernel);
      }};
}

}  // namespace evenkeel::kernels::packed
