#include "evenkeel/diagnose/measure/weight_layouts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/finding.h"

namespace evenkeel {
namespace {

using FlatOrder = std::array<int, 3>;  ///< height, width, channel as 0, 1, 2; the slowest first

/// The places of the elements of [H, W, C] in a vector that was flattened in another order.
std::vector<std::size_t> places_in(const Shape& image, const FlatOrder& order) {
  std::array<std::int64_t, 3> stride{};
  std::int64_t step = 1;
  for (int i = 2; i >= 0; --i) {
    stride[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = step;
    step *= image[order[static_cast<std::size_t>(i)]];
  }
  std::vector<std::size_t> places;
  for (std::int64_t h = 0; h < image[0]; ++h)
    for (std::int64_t w = 0; w < image[1]; ++w)
      for (std::int64_t c = 0; c < image[2]; ++c)
        places.push_back(static_cast<std::size_t>(h * stride[0] + w * stride[1] + c * stride[2]));
  return places;
}

/// Takes whole rows of a tensor [rows, ...] from other places.
void take_rows(Draft& draft, const std::string& tensor, const std::vector<std::size_t>& from) {
  const auto values = draft.values(tensor);
  const std::vector<double> old(values.begin(), values.end());
  const std::size_t width = old.size() / from.size();
  for (std::size_t row = 0; row < from.size(); ++row)
    std::copy_n(old.begin() + static_cast<std::ptrdiff_t>(from[row] * width), width,
                values.begin() + static_cast<std::ptrdiff_t>(row * width));
}

/// The tensors that have one row for each feature of a Flatten.
struct Flattened {
  Shape image;                            ///< what is flattened: [H, W, C]
  std::vector<std::string> linear = {};   ///< layers whose kernels' rows they are
  std::vector<std::string> tensors = {};  ///< with a row for each of them: those kernels, and vectors before them
};

/// Follows the features through layers that keep each in its place. False if another layer reads them.
bool follow(const Draft& draft, int layer, Flattened& found) {
  std::set<int> open = {layer};
  // Readers come after what they read, so the earliest is next, and each is visited once however many ways lead to it.
  while (!open.empty()) {
    const int at = *open.begin();
    open.erase(open.begin());
    for (const int reader : draft.readers(at)) {
      const LayerTraits traits = draft.traits(reader);
      const bool is_dense = traits.linear && !traits.linear->window && traits.linear->groups == 1;
      const bool keeps = !traits.linear && (traits.per_channel || traits.identity_in_evaluation);
      if (!is_dense && !keeps) return false;
      if (traits.axes == AxisOrder::reshaped) return false;
      if (is_dense) {
        found.linear.push_back(draft.name(reader));
        found.tensors.push_back(draft.name(reader) + '/' + traits.linear->kernel);
      } else if (open.insert(reader).second) {
        for (const std::string& tensor : draft.tensors_of(reader)) found.tensors.push_back(tensor);
      }
    }
  }
  return true;
}

std::string text_of(const FlatOrder& order) {
  static constexpr std::array kNames = {"height", "width", "channel"};
  std::string text;
  for (const int axis : order) text += (text.empty() ? "" : ", ") + std::string(kNames[static_cast<std::size_t>(axis)]);
  return '(' + text + ')';
}

/// NumPy code that brings the stored rows into the order (height, width, channel).
std::string reshaping(const Shape& image, const FlatOrder& order) {
  std::string sizes, back;
  for (const int axis : order) sizes += std::to_string(image[axis]) + ", ";
  for (int axis = 0; axis < 3; ++axis) back += std::to_string(std::ranges::find(order, axis) - order.begin()) + ", ";
  return "kernel = kernel.reshape(" + sizes + "-1).transpose(" + back + "3).reshape(" + std::to_string(image.size()) +
         ", -1)";
}

/// Orders of the axes that are longer than 1; others would repeat an order.
std::vector<FlatOrder> other_orders(const Shape& image) {
  std::vector<FlatOrder> orders;
  std::vector<std::vector<std::size_t>> known = {places_in(image, {0, 1, 2})};
  for (const FlatOrder& order : {FlatOrder{2, 0, 1}, {2, 1, 0}, {1, 0, 2}, {0, 2, 1}, {1, 2, 0}}) {
    std::vector<std::size_t> places = places_in(image, order);
    if (std::ranges::count(known, places) > 0) continue;
    known.push_back(std::move(places));
    orders.push_back(order);
  }
  return orders;
}

/// Whether this is the model's input, or only layers are between that leave every pixel in its place. Then it is the
/// samples that lie otherwise, not the weights.
bool is_input_in_place(const Draft& draft, int layer) {
  for (; layer >= 0; layer = draft.inputs(layer).front()) {
    const LayerTraits traits = draft.traits(layer);
    if (traits.is_input) return true;
    if (traits.linear || traits.pooling != PoolingKind::none || traits.merge != Merge::none) return false;
  }
  return true;
}

void add_rows(const Draft& draft, std::vector<WeightLayout>& all) {
  const std::vector<Shape> shapes = draft.output_shapes();
  for (int i = 0; i < draft.layers(); ++i) {
    if (draft.traits(i).axes != AxisOrder::flattened) continue;
    const int from = draft.inputs(i).front();
    if (is_input_in_place(draft, from) || shapes[static_cast<std::size_t>(from)].rank() != 3) continue;
    Flattened found{.image = shapes[static_cast<std::size_t>(from)]};
    if (!follow(draft, i, found) || found.linear.empty()) continue;
    for (const FlatOrder& order : other_orders(found.image)) {
      std::string initials;
      for (const int axis : order) initials += "hwc"[axis];
      all.push_back({.name = "rows-" + initials + "-of-" + draft.name(i),
                     .family = "rows of " + draft.name(i),
                     .what = "the rows of " + layers_text(found.linear) + ", after " + draft.name(i) +
                             ", are in the order " + text_of(order) + ", not " + text_of({0, 1, 2}),
                     .line = reshaping(found.image, order),
                     .layers = found.linear,
                     .apply = [places = places_in(found.image, order), tensors = found.tensors](Draft& d) {
                       for (const std::string& tensor : tensors) take_rows(d, tensor, places);
                     }});
    }
  }
}

/// A kernel [..., inputs, outputs] as matrices, one for each position of its window.
struct StoredKernel {
  std::string layer, tensor;
  std::int64_t height = 1, width = 1, inputs = 0, outputs = 0;
  bool is_matrix = true;  ///< each output reads all inputs
};

std::vector<StoredKernel> stored_kernels(const Draft& draft) {
  std::vector<StoredKernel> all;
  for (int i = 0; i < draft.layers(); ++i) {
    const LayerTraits traits = draft.traits(i);
    if (!traits.linear) continue;
    for (const std::string& name : {traits.linear->kernel, traits.linear->first_kernel}) {
      if (name.empty()) continue;
      StoredKernel kernel{.layer = draft.name(i), .tensor = draft.name(i) + '/' + name};
      const Shape& shape = draft.shape(kernel.tensor);
      kernel.height = shape.rank() == 4 ? shape[0] : 1;
      kernel.width = shape.rank() > 2 ? shape[-3] : 1;
      kernel.outputs = shape.back();
      kernel.inputs = shape[-2];
      kernel.is_matrix = traits.linear->groups == 1 && name == traits.linear->kernel;
      all.push_back(std::move(kernel));
    }
  }
  return all;
}

using PlaceOf = std::size_t (*)(const StoredKernel&, std::int64_t h, std::int64_t w, std::int64_t in, std::int64_t out);

std::size_t place(const StoredKernel& k, std::int64_t h, std::int64_t w, std::int64_t in, std::int64_t out) {
  return static_cast<std::size_t>(((h * k.width + w) * k.inputs + in) * k.outputs + out);
}

/// Each element from another place of its kernel.
void take_elements(Draft& draft, const StoredKernel& k, PlaceOf from) {
  const auto values = draft.values(k.tensor);
  const std::vector<double> old(values.begin(), values.end());
  for (std::int64_t h = 0; h < k.height; ++h)
    for (std::int64_t w = 0; w < k.width; ++w)
      for (std::int64_t in = 0; in < k.inputs; ++in)
        for (std::int64_t out = 0; out < k.outputs; ++out)
          values[place(k, h, w, in, out)] = old[from(k, h, w, in, out)];
}

void add_kernels(std::vector<WeightLayout>& all, std::vector<StoredKernel> kernels, WeightLayout layout, PlaceOf from) {
  if (kernels.empty()) return;
  for (const StoredKernel& k : kernels) layout.layers.push_back(k.layer);
  layout.what = layout.what + layers_text(layout.layers);
  layout.apply = [kernels = std::move(kernels), from](Draft& draft) {
    for (const StoredKernel& k : kernels) take_elements(draft, k, from);
  };
  all.push_back(std::move(layout));
}

void add_windows(const std::vector<StoredKernel>& kernels, std::vector<WeightLayout>& all) {
  std::vector<StoredKernel> windows, square;
  std::ranges::copy_if(kernels, std::back_inserter(windows),
                       [](const StoredKernel& k) { return k.height * k.width > 1; });
  std::ranges::copy_if(windows, std::back_inserter(square), [](const StoredKernel& k) { return k.height == k.width; });
  add_kernels(all, windows,
              {.name = "kernels-turned",
               .family = "window",
               .what = "kernels turned by 180 degrees, those of a true convolution, in ",
               .line = "kernel = kernel[::-1, ::-1]",
               .layers = {},
               .apply = {}},
              [](const StoredKernel& k, std::int64_t h, std::int64_t w, std::int64_t in, std::int64_t out) {
                return place(k, k.height - 1 - h, k.width - 1 - w, in, out);
              });
  // In a chain that is otherwise square it has the effect of transposed samples, which are tried anyway.
  add_kernels(all, square,
              {.name = "kernels-transposed",
               .family = "window",
               .what = "height and width exchanged in the kernels of ",
               .line = "kernel = kernel.transpose(1, 0, 2, 3)",
               .layers = {},
               .apply = {}},
              [](const StoredKernel& k, std::int64_t h, std::int64_t w, std::int64_t in, std::int64_t out) {
                return place(k, w, h, in, out);
              });
}

void add_matrices(const std::vector<StoredKernel>& kernels, std::vector<WeightLayout>& all) {
  const auto exchanged = [](const StoredKernel& k, std::int64_t h, std::int64_t w, std::int64_t in, std::int64_t out) {
    return place(k, h, w, out, in);
  };
  std::vector<StoredKernel> dense, windows;
  for (const StoredKernel& k : kernels)
    if (k.is_matrix && k.inputs == k.outputs && k.inputs > 1) (k.height * k.width == 1 ? dense : windows).push_back(k);
  add_kernels(all, dense,
              {.name = "matrices-transposed",
               .family = "matrices",
               .what = "inputs and outputs exchanged (a transposed matrix) in ",
               .line = "kernel = kernel.T",
               .layers = {},
               .apply = {}},
              exchanged);
  add_kernels(all, windows,
              {.name = "kernel-channels-exchanged",
               .family = "matrices",
               .what = "input and output channels exchanged in the kernels of ",
               .line = "kernel = kernel.transpose(0, 1, 3, 2)",
               .layers = {},
               .apply = {}},
              exchanged);
}

/// Whether most scales are away from 1. A few that are, or are 0, were made so by training, or are another defect.
bool are_scales_anywhere(std::span<const double> scales) {
  return 2 * std::ranges::count_if(scales, [](double g) { return g != 0 && std::abs(g - 1) > 0.2; }) >
         std::ssize(scales);
}

void add_scales(const Draft& draft, std::vector<WeightLayout>& all) {
  std::vector<std::string> layers, tensors;
  for (const Normalization& n : draft.normalizations()) {
    if (n.gamma.empty()) continue;
    if (!are_scales_anywhere(draft.values(n.gamma))) continue;
    layers.push_back(n.name);
    tensors.push_back(n.gamma);
  }
  if (tensors.empty()) return;
  std::string what = "a scale (gamma) that training did not apply in " + layers_text(layers);
  all.push_back({.name = "scale-ignored",
                 .family = "scale",
                 .what = std::move(what),
                 .line = "gamma[:] = 1",
                 .layers = std::move(layers),
                 .apply = [tensors](Draft& d) {
                   for (const std::string& tensor : tensors) std::ranges::fill(d.values(tensor), 1.0);
                 }});
}

}  // namespace

std::vector<WeightLayout> weight_layouts(const Draft& draft) {
  std::vector<WeightLayout> all;
  add_rows(draft, all);
  const std::vector<StoredKernel> kernels = stored_kernels(draft);
  add_windows(kernels, all);
  add_matrices(kernels, all);
  add_scales(draft, all);
  return all;
}

}  // namespace evenkeel
