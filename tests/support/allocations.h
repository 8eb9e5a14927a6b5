#pragma once

#include <functional>

namespace evenkeel {

/// How often `action` allocates: every operator new and aligned_alloc of the test program, on all threads, but for
/// those that oneDNN calls itself (small objects in every call).
int allocations_during(const std::function<void()>& action);

}  // namespace evenkeel
