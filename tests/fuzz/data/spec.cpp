#include "evenkeel/base/text.h"
#include "evenkeel/data/sources.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/formats/png.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

namespace {

/// The fuzzer reads its seeds by relative names, so the process stays there only for an input.
class InFolder {
 public:
  explicit InFolder(const std::filesystem::path& folder) : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(folder);
  }
  InFolder(const InFolder&) = delete;
  ~InFolder() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_;
};

/// Whether the program would draw a whole set, or look at files that are not ours.
bool is_left_out(const std::string& spec) {
  if (spec.find('/') != spec.npos || spec.starts_with("..")) return true;
  const std::string name = spec.substr(0, spec.find_first_of(":["));
  return std::ranges::any_of(named_sources(), [&](const NamedSource& source) {
    return source.folder.empty() && same_name(source.name, name);
  });
}

}  // namespace

// A SPEC, in a folder with an .npz file and a folder of images. The first byte says what is asked for.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder = [] {
    setenv("HOME", "/nonexistent", 1);
    unsetenv("EVENKEEL_DATA");
    return fuzz::Folder();
  }();
  const InFolder inside(folder.path());
  static const bool ready = [] {
    Tensor x({3, 2, 2, 1}, DType::uint8), y({3}, DType::int32);
    formats::write_npz("a.npz", {{"x_train", x}, {"y_train", y}, {"x_test", x}, {"y_test", y}});
    for (const char* name : {"d/p", "d/q"}) {
      std::filesystem::create_directories(name);
      formats::write_png(std::string(name) + "/1.png", Tensor({2, 2, 1}, DType::uint8));
    }
    return true;
  }();
  fuzz::Parts parts(data, size);
  const std::uint8_t asked = parts.byte();
  const std::string spec(fuzz::text_of(parts.rest()));
  if (!ready || is_left_out(spec)) return 0;
  const Split split = asked & 1 ? Split::train : Split::test;
  fuzz::accepts([&] { find_images(spec, asked & 2); });
  Dataset set;
  if (fuzz::accepts([&] { set = load_dataset(spec, split, {}, {.flat = (asked & 2) != 0}); }))
    fuzz::require(set.size() >= 1 && set.size() <= 3);
  return 0;
}
