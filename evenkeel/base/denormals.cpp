#include "evenkeel/base/denormals.h"

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace evenkeel {
namespace {

#ifdef __SSE2__
constexpr unsigned kFlush = _MM_FLUSH_ZERO_ON | 0x0040;  // results, and operands (DAZ, which has no name without SSE3)
unsigned mode() { return _mm_getcsr(); }
void set_mode(unsigned mode) { _mm_setcsr(mode); }
#else
constexpr unsigned kFlush = 0;
unsigned mode() { return 0; }
void set_mode(unsigned) {}
#endif

void set_on_all(const Threads& threads, unsigned mode) {
  threads.parallel(threads.count(), 1, [mode](std::int64_t, std::int64_t, int) { set_mode(mode); });
  set_mode(mode);  // LLVM's OpenMP gives the calling thread back the mode from before the region
}

}  // namespace

DenormalsAsZero::DenormalsAsZero(const Threads& threads) : threads_(threads), before_(mode()) {
  set_on_all(threads_, before_ | kFlush);
}

DenormalsAsZero::~DenormalsAsZero() { set_on_all(threads_, before_); }

}  // namespace evenkeel
