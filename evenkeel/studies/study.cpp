#include "evenkeel/studies/study.h"

#include <algorithm>

namespace evenkeel {

double median(const StudyVariant& variant, double StudyRun::*figure) {
  std::vector<double> values;
  for (const StudyRun& run : variant.runs) values.push_back(run.*figure);
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

}  // namespace evenkeel
