#include "evenkeel/diagnose/causes/preparation.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

constexpr int kCodeDigits = 5;

std::string short_number(double value) { return figure(value, kCodeDigits); }

/// A factor in its usual form: "255", "1 / 16.5", "0.73".
std::string factor_text(double factor) {
  const std::string text = "1 / " + figure(1 / factor, kCodeDigits);
  const bool is_short = std::abs(factor) < 1 && text.size() <= short_number(factor).size();
  return is_short ? text : short_number(factor);
}

template <class F>
std::string list_text(const std::vector<double>& values, F&& text) {
  std::vector<std::string> texts;
  for (const double value : values) texts.push_back(text(value));
  return texts.size() == 1 ? texts[0] : '[' + join(texts) + ']';
}

bool all_equal(const std::vector<double>& values, double value) {
  return std::ranges::all_of(values, [&](double v) { return v == value; });
}

/// Code that makes it a layer of the model, so that nobody can forget it.
std::string rescaling_code(const InputHypothesis& h) {
  std::string arguments = list_text(h.scale, factor_text);
  if (!all_equal(h.offset, 0)) arguments += ", " + list_text(h.offset, short_number);
  return "model = keras.Sequential([keras.layers.Rescaling(" + arguments + "), model])";
}

/// One number for all channels, or a tensor with one per channel, broadcast over height and width.
std::string operand_text(const std::string& text) {
  return text.starts_with('[') ? "torch.tensor(" + text + ").view(-1, 1, 1)" : text;
}

template <class F>
std::string affine_code(const InputHypothesis& h, F&& operand) {
  std::string code = "x = x";
  if (!all_equal(h.scale, 1)) code += " * " + operand(list_text(h.scale, short_number));
  if (!all_equal(h.offset, 0)) code += " + " + operand(list_text(h.offset, short_number));
  return code;
}

void add_axes(const InputHypothesis& h, std::vector<std::string>& keras, std::vector<std::string>& pytorch) {
  const auto add = [&](bool is_set, const char* in_keras, const char* in_pytorch) {
    if (!is_set) return;
    keras.emplace_back(in_keras);
    pytorch.emplace_back(in_pytorch);
  };
  add(h.transpose, "x = x.transpose(0, 2, 1, 3)  # height and width", "x = x.transpose(2, 3)  # height and width");
  add(h.flip_height, "x = x[:, ::-1]  # top for bottom", "x = x.flip(2)  # top for bottom");
  add(h.flip_width, "x = x[:, :, ::-1]  # left for right", "x = x.flip(3)  # left for right");
  add(h.reverse_channels, "x = x[..., ::-1]  # RGB for BGR, or the other way",
      "x = x.flip(1)  # RGB for BGR, or the other way");
  add(h.gray, "x = np.repeat(x @ [[0.299], [0.587], [0.114]], 3, axis=-1)  # gray",
      "x = torchvision.transforms.Grayscale(3)(x)");
  add(h.by_sample, "x = tf.image.per_image_standardization(x)",
      "x = (x - x.mean((1, 2, 3), keepdim=True)) / x.std((1, 2, 3), keepdim=True)");
}

}  // namespace

Remedy preparation(const InputCorrection& correction) {
  std::vector<std::string> keras, pytorch;
  for (const InputHypothesis& h : correction) {
    add_axes(h, keras, pytorch);
    if (h.scale.empty()) continue;
    // Several steps must be done in their order, before the model.
    keras.push_back(correction.size() == 1 ? rescaling_code(h)
                                           : affine_code(h, [](const std::string& text) { return text; }));
    pytorch.push_back(affine_code(h, operand_text) + "  # in training and in evaluation alike");
  }
  return {.keras = join(keras, "\n"), .pytorch = join(pytorch, "\n")};
}

}  // namespace evenkeel
