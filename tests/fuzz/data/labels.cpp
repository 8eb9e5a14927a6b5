#include "evenkeel/data/label_mapping.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

// Labels of a file, a text a line, or as many numbers as there are eight bytes.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> texts;
  for (fuzz::Parts parts(data, size); !parts.rest().empty();) texts.emplace_back(parts.until('\n'));
  std::vector<std::int64_t> numbers(size / sizeof(std::int64_t));
  if (!numbers.empty()) std::memcpy(numbers.data(), data, numbers.size() * sizeof(std::int64_t));
  label_proposal(numbers);
  for (const LabelMapping mapping :
       {LabelMapping::none, LabelMapping::from_one, LabelMapping::contiguous, LabelMapping::names}) {
    MappedLabels mapped;
    if (fuzz::accepts([&] { mapped = map_labels("input", numbers, mapping); }))
      fuzz::require(mapped.labels.shape()[0] == std::ssize(numbers));
    if (!texts.empty() && fuzz::accepts([&] { mapped = map_labels("input", texts, mapping); }))
      for (std::size_t i = 0; i < texts.size(); ++i)
        fuzz::require(mapped.class_names.at(mapped.labels.as<std::int32_t>()[i]) == texts[i]);
  }
  return 0;
}
