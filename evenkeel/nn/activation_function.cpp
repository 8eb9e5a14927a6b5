#include "evenkeel/nn/activation_function.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

/// In the order in which they are listed.
constexpr std::array kAll = {
    ActivationFunction::linear,     ActivationFunction::relu,       ActivationFunction::elu,
    ActivationFunction::sigmoid,    ActivationFunction::tanh,       ActivationFunction::softmax,
    ActivationFunction::selu,       ActivationFunction::gelu,       ActivationFunction::gelu_tanh,
    ActivationFunction::silu,       ActivationFunction::mish,       ActivationFunction::relu6,
    ActivationFunction::softplus,   ActivationFunction::softsign,   ActivationFunction::hard_sigmoid,
    ActivationFunction::hard_swish, ActivationFunction::leaky_relu, ActivationFunction::log_softmax};

/// The numbers of "(0.5)" or "(-1, 1)"; nothing where the text has another form.
std::optional<std::vector<double>> numbers_in(std::string_view text) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return {};
  const char *at = text.data() + 1, *end = text.data() + text.size() - 1;
  std::vector<double> numbers;
  for (;; ++at) {
    while (at < end && *at == ' ') ++at;
    double number = 0;
    const auto [rest, failure] = std::from_chars(at, end, number);
    if (failure != std::errc() || !std::isfinite(number)) return {};
    numbers.push_back(number);
    for (at = rest; at < end && *at == ' ';) ++at;
    if (at == end) return numbers;
    if (*at != ',') return {};
  }
}

/// The activation with these parameters; nothing if it has none, others, or they are out of range. Below 0 an elu and a
/// leaky_relu must not fall where x grows: their gradients are computed from f(x).
std::optional<ActivationFunction> with_parameters(std::string_view name, const std::vector<double>& numbers) {
  if (same_name(name, "clip") && numbers.size() == 2 && numbers[0] < numbers[1])
    return ActivationFunction::clip(numbers[0], numbers[1]);
  if (numbers.size() != 1 || numbers[0] < 0) return {};
  if (same_name(name, "elu")) return ActivationFunction::elu(numbers[0]);
  if (same_name(name, "leaky_relu")) return ActivationFunction::leaky_relu(numbers[0]);
  return {};
}

}  // namespace

std::string name_of(const ActivationFunction& f) {
  if (f.is_softmax) return f.is_log ? "log_softmax" : "softmax";
  return kernels::name_of(f.element);
}

bool convert(const FieldValue& from, ActivationFunction& to) {
  const std::string* text = std::get_if<std::string>(&from);
  if (!text) return false;
  if (const std::size_t open = text->find('('); open != std::string::npos) {
    const std::string_view whole = *text;
    const auto numbers = numbers_in(whole.substr(open));
    const auto found = numbers ? with_parameters(whole.substr(0, open), *numbers) : std::nullopt;
    if (found) to = *found;
    return found.has_value();
  }
  if (same_name(*text, "swish")) {
    to = ActivationFunction::silu;
    return true;
  }
  for (const ActivationFunction& known : kAll) {
    if (!same_name(name_of(known), *text)) continue;
    to = known;
    return true;
  }
  return false;
}

FieldValue field_value(const ActivationFunction& value) { return name_of(value); }

std::string kind_of(const ActivationFunction& any) {
  return "an activation (" + join(choices_of(any)) + "; elu(0.5), leaky_relu(0.01), clip(-1, 1))";
}

std::vector<std::string> choices_of(const ActivationFunction&) {
  std::vector<std::string> names;
  for (const ActivationFunction& f : kAll) names.push_back(name_of(f));
  return names;
}

}  // namespace evenkeel
