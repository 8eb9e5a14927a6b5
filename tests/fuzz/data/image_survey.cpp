#include "evenkeel/data/image_survey.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

// A survey of six files of two classes in the cache. What is read is written and read again.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const auto path = folder.write("survey.json", fuzz::bytes_of(data, size));
  ImageSurvey survey;
  if (!fuzz::accepts([&] { survey = read_image_survey(path, 6, 2); })) return 0;
  ImageFiles files{.title = "x", .folder = {}, .files = std::vector<ImageFiles::File>(6)};
  survey.leave_out_bad(files);
  fuzz::require(files.files.size() + survey.bad.size() == 6);
  const std::string text = text_of(survey);
  folder.write("survey.json", std::string_view(text));
  fuzz::require(text_of(read_image_survey(path, 6, 2)) == text);
  return 0;
}
