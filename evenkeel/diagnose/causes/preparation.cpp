#include "evenkeel/diagnose/causes/preparation.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

constexpr int kCodeDigits = 5;

std::string short_number(double value) { return figure(value, kCodeDigits); }

/// A factor as people write it: "255", "1 / 16.5", "0.73".
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

/// As a layer of the model itself, so that nobody can forget it.
std::string rescaling_code(const InputHypothesis& h) {
  std::string arguments = list_text(h.scale, factor_text);
  if (!all_equal(h.offset, 0)) arguments += ", " + list_text(h.offset, short_number);
  return "model = keras.Sequential([keras.layers.Rescaling(" + arguments + "), model])";
}

/// A number for all channels, or a tensor of one per channel that is broadcast over height and width.
std::string operand_text(const std::string& text) {
  return text.starts_with('[') ? "torch.tensor(" + text + ").view(-1, 1, 1)" : text;
}

std::string affine_code(const InputHypothesis& h) {
  std::string code = "x = x";
  if (!all_equal(h.scale, 1)) code += " * " + operand_text(list_text(h.scale, short_number));
  if (!all_equal(h.offset, 0)) code += " + " + operand_text(list_text(h.offset, short_number));
  return code;
}

}  // namespace

Remedy preparation(const InputHypothesis& h) {
  std::vector<std::string> keras, pytorch;
  if (h.transpose) {
    keras.emplace_back("x = x.transpose(0, 2, 1, 3)  # height and width");
    pytorch.emplace_back("x = x.transpose(2, 3)  # height and width");
  }
  if (h.reverse_channels) {
    keras.emplace_back("x = x[..., ::-1]  # RGB for BGR, or the other way");
    pytorch.emplace_back("x = x.flip(1)  # RGB for BGR, or the other way");
  }
  if (!h.scale.empty()) {
    keras.push_back(rescaling_code(h));
    pytorch.push_back(affine_code(h) + "  # in training and in evaluation alike");
  }
  return {.keras = join(keras, "\n"), .pytorch = join(pytorch, "\n")};
}

}  // namespace evenkeel
