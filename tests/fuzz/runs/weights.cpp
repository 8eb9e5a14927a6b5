#include "evenkeel/nn/model_file.h"
#include "evenkeel/runs/open_model.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

// Weights, class names and averages for a model, from a weights file or a checkpoint.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  static Network network(parse_model_file("input = [3]\n[[layer]]\ntype = \"Dense\"\nunits = 2\n"
                                          "[[layer]]\ntype = \"BatchNormalization\"\n",
                                          "model")
                             .model,
                         {.compute = {.threads = 1}});
  const auto path = folder.write("x.safetensors", fuzz::bytes_of(data, size));
  fuzz::accepts([&] { load_weights_into(network, path); });
  return 0;
}
