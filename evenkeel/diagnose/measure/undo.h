#pragma once

namespace evenkeel {

/// Puts a network's weights back, in a destructor: there nothing may be thrown. A network that another framework runs
/// can fail to, after Ctrl-C for one. It then fails at whatever it is asked afterwards, and is restored at the end
/// (LiveNetwork::restore), so nothing is measured with the wrong weights.
template <class F>
void undo(F&& put_back) noexcept {
  try {
    put_back();
  } catch (...) {  // NOLINT(bugprone-empty-catch): see above
  }
}

}  // namespace evenkeel
