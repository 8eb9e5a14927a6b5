#include "evenkeel/studies/study_json.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  folder.write("study.json", fuzz::bytes_of(data, size));
  StudyResult result;
  if (!fuzz::accepts([&] { result = read_study(folder.path()); })) return 0;
  const auto json = json_of(result);
  fuzz::require(json_of(study_result_of(json, "round trip")) == json);
  return 0;
}
