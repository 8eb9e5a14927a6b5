#include "evenkeel/nn/model_file.h"
#include "evenkeel/train/settings.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

// A [training] table, as the program reads it.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text = "input = [2]\n[[layer]]\ntype = \"Flatten\"\n[training]\n";
  text += fuzz::text_of(fuzz::bytes_of(data, size));
  Settings settings;
  if (!fuzz::accepts([&] { settings = overridden(parse_model_file(text, "input").training, {}); })) return 0;
  fuzz::accepts([&] { network_options(settings); });
  fuzz::accepts([&] { fit_options(settings); });
  fuzz::accepts([&] {
    const TrainerOptions options = trainer_options(settings);
    trainer_options(training_settings(options));
  });
  return 0;
}
