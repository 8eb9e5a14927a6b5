#include "evenkeel/diagnose/conversion_ways.h"

#include <algorithm>
#include <functional>

#include "evenkeel/diagnose/finding.h"

namespace evenkeel {
namespace {

/// Layers that become others.
using Replacements = std::vector<std::pair<int, Layer>>;

OtherWay replacing(std::string name, std::string family, std::string says, Replacements layers) {
  return {.name = std::move(name),
          .family = std::move(family),
          .says = std::move(says),
          .change = [layers = std::move(layers)](Draft& draft) {
            for (const auto& [index, layer] : layers) draft.replace(index, layer);
          }};
}

std::string names_of(const Draft& draft, const Replacements& layers) {
  std::vector<std::string> names;
  for (const auto& [index, layer] : layers) names.push_back(draft.name(index));
  return layers_text(names);
}

/// The layers at the front that rescale the pixels, made to change nothing.
Replacements without_preprocessing(const Draft& draft) {
  Replacements found;
  std::vector<bool> are_pixels(static_cast<std::size_t>(draft.layers()), false);
  for (int i = 0; i < draft.layers(); ++i) {
    const LayerTraits traits = draft.traits(i);
    const bool reads = std::ranges::all_of(
        draft.inputs(i), [&](int from) { return from < 0 || are_pixels[static_cast<std::size_t>(from)]; });
    if (!reads) continue;
    if (traits.rescales && !traits.identity_in_evaluation) found.emplace_back(i, Rescaling{});
    are_pixels[static_cast<std::size_t>(i)] = traits.rescales || traits.is_input || traits.is_identity();
  }
  return found;
}

Shape input_of(const Draft& draft, const std::vector<Shape>& shapes, int layer) {
  const int from = draft.inputs(layer).front();
  return from < 0 ? draft.model().input_at(from).shape : shapes[static_cast<std::size_t>(from)];
}

/// Windows with a stride that pad both ends alike, where `same` gives the same size but pads the end more.
Replacements with_same_padding(const Draft& draft) {
  Replacements found;
  const std::vector<Shape> shapes = draft.output_shapes();
  for (int i = 0; i < draft.layers(); ++i) {
    const LayerTraits own = draft.traits(i);
    if (!own.linear || !own.linear->window || own.linear->transposed || own.linear->window->padding == Padding::same)
      continue;
    const Layer other = draft.layer(i).with("padding", field_value(Padding(Padding::same)));
    const Shape image = input_of(draft, shapes, i).batched(1);
    const kernels::Window a = own.linear->over(image), b = other.traits().linear->over(image);
    const bool same_size = a.oh == b.oh && a.ow == b.ow;
    if (same_size && (a.pad_top != b.pad_top || a.pad_left != b.pad_left)) found.emplace_back(i, other);
  }
  return found;
}

/// Layers that have a field of this name, with another value in it; `other` gives none to leave one as it is.
Replacements with_other_field(const Draft& draft, const std::string& field,
                              const std::function<std::optional<FieldValue>(const FieldValue&)>& other) {
  Replacements found;
  for (int i = 0; i < draft.layers(); ++i)
    for (const auto& [key, value] : draft.layer(i).settings(false))
      if (key == field)
        if (const auto changed = other(value)) found.emplace_back(i, draft.layer(i).with(field, *changed));
  return found;
}

void add_resizing(const Draft& draft, std::vector<OtherWay>& ways) {
  for (const char* method : {"nearest", "bilinear"}) {
    Replacements layers = with_other_field(draft, "interpolation", [&](const FieldValue& now) {
      return now == FieldValue(std::string(method)) ? std::nullopt : std::optional(FieldValue(std::string(method)));
    });
    if (layers.empty()) continue;
    if (*method == 'n')  // nearest pixels have no corners to align
      for (auto& [index, layer] : layers) layer = layer.with("align_corners", false);
    const std::string says = std::string("they resize by ") +
                             (*method == 'n' ? "the nearest pixel" : "bilinear interpolation") + " in " +
                             names_of(draft, layers);
    ways.push_back(replacing(std::string("resizing-") + method, "resizing", says, std::move(layers)));
  }
  for (const bool corners : {true, false}) {
    Replacements layers = with_other_field(draft, "align_corners", [&](const FieldValue& now) {
      return now == FieldValue(corners) ? std::nullopt : std::optional(FieldValue(corners));
    });
    std::erase_if(layers, [](const auto& one) {
      const auto settings = one.second.settings(false);
      return std::ranges::count(settings,
                                std::pair(std::string("interpolation"), FieldValue(std::string("bilinear")))) == 0;
    });
    if (layers.empty()) continue;
    const std::string says = std::string("they resize ") +
                             (corners ? "with the corners in their place (align_corners)"
                                      : "between the centres of pixels (align_corners=False)") +
                             " in " + names_of(draft, layers);
    ways.push_back(replacing(corners ? "resizing-corners" : "resizing-centres", "resizing", says, std::move(layers)));
  }
}

}  // namespace

std::vector<OtherWay> conversion_ways(Network& network) {
  const Draft draft(network);
  std::vector<OtherWay> ways;
  if (Replacements layers = without_preprocessing(draft); !layers.empty()) {
    const std::string says = "their network has no preprocessing inside, which is " + names_of(draft, layers) + " here";
    ways.push_back(replacing("without-preprocessing", "preprocessing", says, std::move(layers)));
  }
  if (Replacements layers = with_same_padding(draft); !layers.empty()) {
    const std::string says =
        "they pad more at the end (`same`, as Keras) where this network pads both ends alike (as "
        "PyTorch), in " +
        names_of(draft, layers);
    ways.push_back(replacing("same-padding", "padding", says, std::move(layers)));
  }
  add_resizing(draft, ways);
  return ways;
}

}  // namespace evenkeel
