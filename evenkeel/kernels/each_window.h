#pragma once

#include <cstddef>
#include <vector>

#include "evenkeel/kernels/window.h"

namespace evenkeel::kernels::reference {

/// Calls body(at, places) for each element `at` of y, with the places in x that its window sees, in row-major order.
template <class Body>
void for_each_window(const Window& window, Body body) {
  std::vector<std::size_t> places;
  std::size_t at = 0;
  for (std::int64_t n = 0; n < window.n; ++n)
    for (std::int64_t i = 0; i < window.oh; ++i)
      for (std::int64_t j = 0; j < window.ow; ++j)
        for (std::int64_t c = 0; c < window.c; ++c, ++at) {
          places.clear();
          const Extent rows = window.rows_of(i), columns = window.columns_of(j);
          for (std::int64_t row = rows.begin; row < rows.end; ++row)
            for (std::int64_t column = columns.begin; column < columns.end; ++column)
              places.push_back(static_cast<std::size_t>(((n * window.h + row) * window.w + column) * window.c + c));
          body(at, places);
        }
}

}  // namespace evenkeel::kernels::reference
