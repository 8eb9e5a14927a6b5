#include "evenkeel/diagnose/measure/foreign_description.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "evenkeel/diagnose/measure/foreign_traits.h"
#include "evenkeel/nn/foreign_layer.h"

namespace evenkeel {
namespace {

/// A name that a model may have: slashes and quotes have a meaning of their own here.
std::string as_our_name(std::string name) {
  for (char& c : name)
    if (c == '/' || c == '"') c = '.';
  return printable(name);
}

/// What a tensor of this role is called here; other tensors keep the last part of their name.
std::string our_tensor(const std::string& role, const std::string& theirs) {
  static const std::set<std::string, std::less<>> roles = {
      "gamma", "beta", "moving_mean", "moving_variance", "batches", "kernel", "first_kernel", "bias", "slope"};
  if (roles.contains(role)) return role;
  return as_our_name(theirs.substr(theirs.find_last_of("./") + 1));
}

/// An initializer by its text; nothing for "uniform(0.1)", which is a range of its own.
void take_initializer(const std::string& text, ForeignLayer::Tensor& tensor, ForeignDescription::Tensor& known,
                      const std::string& where) {
  if (text.empty()) return;
  known.has_initializer = true;
  if (text.starts_with("uniform(") && text.ends_with(")")) {
    const double bound = std::strtod(text.c_str() + 8, nullptr);
    if (!(bound > 0 && std::isfinite(bound)))
      throw Error{{.where = where, .expected = "uniform(bound) with a bound above 0", .received = text}};
    known.uniform = InitialRange{.bound = bound};
    return;
  }
  if (!convert(FieldValue(text), tensor.initializer))
    throw Error{{.where = where, .expected = kind_of(Initializer()) + ", or uniform(bound)", .received = text}};
}

/// The tensors that the traits speak of are those with these roles; traits without their tensors say nothing.
void name_tensors(LayerTraits& traits, const std::set<std::string>& tensors, const std::string& where) {
  const auto if_there = [&](const char* name) { return tensors.contains(name) ? std::string(name) : std::string(); };
  traits.scale = if_there("gamma");
  traits.shift = if_there("beta");
  traits.slope = if_there("slope");
  if (traits.linear) {
    traits.linear->kernel = if_there("kernel");
    traits.linear->first_kernel = if_there("first_kernel");
    traits.linear->bias = if_there("bias");
    if (traits.linear->kernel.empty()) traits.linear.reset();  // weights that are computed: it is linear, unseen
  }
  if (traits.normalization && traits.normalization->moving) {
    MovingTraits& moving = *traits.normalization->moving;
    if (!tensors.contains("moving_mean") || !tensors.contains("moving_variance"))
      throw Error{{.where = where,
                   .expected = "weights of roles moving_mean and moving_variance, because it has moving statistics",
                   .received = "none"}};
    moving.batches = if_there("batches");
  }
}

/// Whether the kernel is what the trait says, and reads such a sample. Else the layer is linear in a way that nothing
/// here can follow, such as a convolution over three axes.
bool is_linear_here(const ForeignLayer& layer, const Shape& input) {
  const LinearTraits& linear = *layer.is.linear;
  const std::string& reads = linear.first_kernel.empty() ? linear.kernel : linear.first_kernel;
  const auto kernel = std::ranges::find(layer.tensors, reads, &ForeignLayer::Tensor::name);
  if (kernel == layer.tensors.end()) return false;
  const int rank = linear.window ? linear.window_axes + 2 : 2;
  if (kernel->shape.rank() != rank || input.rank() < 1 || linear.inputs_of(kernel->shape) != input.back()) return false;
  if (linear.outputs_of(input.back()) != layer.output.back()) return false;
  if (!linear.window) return linear.groups == 1;
  if (input.rank() != linear.window_axes + 1) return false;
  try {
    linear.over(input.batched(1));
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// Vectors of a normalization have one number for each channel.
void check_vectors(const ForeignLayer& layer, const std::string& where) {
  if (!layer.is.normalization || !layer.is.normalization->moving) return;
  const auto size_of = [&](const std::string& name) {
    const auto found = std::ranges::find(layer.tensors, name, &ForeignLayer::Tensor::name);
    return found == layer.tensors.end() ? 0 : found->shape.size();
  };
  const std::int64_t channels = size_of("moving_mean");
  for (const std::string name : {"moving_variance", "gamma", "beta"})
    if (const std::int64_t size = size_of(name); size != 0 && size != channels)
      throw Error{{.where = where + ": " + name,
                   .expected = std::to_string(channels) + " numbers, as many as the moving mean has",
                   .received = std::to_string(size)}};
}

/// Operations of a linear layer for one sample: a product and a sum for each weight at each position.
double flops_of(const ForeignLayer& layer, const Shape& input) {
  if (!layer.is.linear) return 0;
  double weights = 0;
  for (const ForeignLayer::Tensor& tensor : layer.tensors)
    if (tensor.name == "kernel" || tensor.name == "first_kernel") weights += static_cast<double>(tensor.shape.size());
  const Shape& over = layer.is.linear->transposed ? input : layer.output;
  return 2 * weights * static_cast<double>(over.size()) / static_cast<double>(over.back());
}

class DescriptionReader {
 public:
  explicit DescriptionReader(const Described& json) : root_(json, "the network's description") {}

  ForeignDescription read() {
    made_.framework = root_.required_text("framework");
    made_.loss = loss();
    made_.loss_reads_scores = root_.choice<bool>("scores", {{"logits", false}, {"probabilities", true}}, false);
    make_model();
    make_outputs();
    if (root_.find("records")) {
      const ObjectReader records = root_.object("records");
      if (records.find("updates"))
        made_.updates = static_cast<std::uint64_t>(records.whole("updates", 0, 0, std::int64_t{1} << 60));
      if (records.find("batch_size")) made_.batch_size = records.whole("batch_size", 1, 1, std::int64_t{1} << 40);
    }
    made_.lost = root_.texts("lost");
    if (const Described* cannot = root_.find("cannot"))
      for (const auto& [what, why] : cannot->items())
        if (why.is_string()) made_.cannot.emplace(what, why.get<std::string>());
    return std::move(made_);
  }

 private:
  Loss loss() const {
    std::string name = root_.text("loss", "cross_entropy");
    if (name == "cross_entropy") name = "sparse_categorical_crossentropy";
    Loss loss = loss_named(name);
    if (const double smoothing = root_.number("label_smoothing", 0); smoothing > 0)
      std::visit(
          [&](auto& of) {
            if constexpr (requires { of.label_smoothing; }) of.label_smoothing = smoothing;
          },
          loss);
    return loss;
  }

  void make_model() {
    const Described layers = root_.list("layers");
    std::set<std::string> names;
    for (const Described& json : layers) names.insert(as_our_name(ObjectReader(json, root_.where()).text("name")));
    std::string input = "input";
    while (names.contains(input)) input += '_';
    const Shape shape = root_.shape("input_shape");
    made_.model =
        Model::with_inputs({{input, shape.rank() > 0 ? shape : Shape{1}}}, printable(root_.text("class", "network")));
    for (const Described& json : layers) add_layer(json);
    if (made_.model.layers() == 0)
      throw Error{{.where = root_.where(), .expected = "at least one layer", .received = "none"}};
    const std::int64_t output = root_.whole("output", made_.model.layers() - 1, 0, made_.model.layers() - 1);
    made_.model.set_outputs({made_.model.name_of(static_cast<int>(output))});
  }

  void add_layer(const Described& json) {
    const int index = made_.model.layers();
    const std::string theirs = ObjectReader(json, "layer " + std::to_string(index)).required_text("name");
    const ObjectReader reader(json, "layer \"" + shortened(printable(theirs), 80) + '"');
    ForeignLayer layer{.kind = reader.text("kind"),
                       .output = reader.shape("output_shape"),
                       .trainable = reader.flag("trainable", true),
                       .name = as_our_name(theirs)};
    if (layer.output.rank() == 0)
      throw Error{{.where = reader.where(), .expected = "\"output_shape\"", .received = "none"}};
    if (reader.find("traits")) layer.is = foreign_traits(reader.object("traits"), layer.output);
    std::vector<bool> trainable;
    add_tensors(reader, layer, trainable);
    std::vector<std::string> inputs;
    for (const std::int64_t i : reader.wholes("inputs", -1, index - 1))
      inputs.push_back(made_.model.name_of(static_cast<int>(i)));
    if (inputs.empty()) inputs.push_back(made_.model.name_of(-1));
    const int from = made_.model.find(inputs.front());
    const Shape& read = from < 0 ? made_.model.input_shape() : outputs_[static_cast<std::size_t>(from)];
    layer.flops = flops_of(layer, read);
    if (layer.is.linear && !is_linear_here(layer, read)) layer.is.linear.reset();
    check_vectors(layer, reader.where());
    outputs_.push_back(layer.output);
    made_.layers.push_back(theirs);
    // An Input reads the network's input by itself.
    made_.model.append(layer, layer.is.is_input ? std::vector<std::string>() : inputs);
    for (std::size_t i = 0; i < layer.tensors.size(); ++i) {
      const ForeignLayer::Tensor& tensor = layer.tensors[i];
      made_.weights.push_back({.name = layer.name + '/' + tensor.name,
                               .shape = tensor.shape,
                               .is_state = tensor.is_state,
                               .trainable = trainable[i],
                               .initializer = tensor.initializer,
                               .layer = index});
    }
  }

  void add_tensors(const ObjectReader& reader, ForeignLayer& layer, std::vector<bool>& trainable) {
    std::set<std::string> names;
    for (const Described& json : reader.list("weights")) {
      const ObjectReader weight(json, reader.where() + ": weight");
      const std::string theirs = weight.required_text("name"), role = weight.text("role", "other");
      std::string own = our_tensor(role, theirs);
      while (!names.insert(own).second) own += '_';
      ForeignLayer::Tensor tensor{.name = own, .shape = weight.shape("shape")};
      if (tensor.shape.rank() == 0) tensor.shape = Shape{1};
      tensor.is_state = role == "moving_mean" || role == "moving_variance" || role == "batches";
      ForeignDescription::Tensor known{.theirs = theirs};
      take_initializer(weight.text("initializer"), tensor, known, weight.where() + " \"" + printable(theirs) + '"');
      trainable.push_back(!tensor.is_state && weight.flag("trainable", true));
      layer.tensors.push_back(std::move(tensor));
      made_.tensors.push_back(std::move(known));
    }
    name_tensors(layer.is, names, reader.where());
  }

  void make_outputs() {
    const Shape& last = outputs_[static_cast<std::size_t>(made_.model.output())];
    const std::int64_t classes = root_.whole("outputs", last.back(), 1, std::int64_t{1} << 40);
    if (last.size() % classes != 0)
      throw Error{{.where = "layer \"" + made_.model.name_of(made_.model.output()) + '"',
                   .expected = "a multiple of " + std::to_string(classes) + " outputs",
                   .received = std::to_string(last.size())}};
    made_.outputs = last.size();
    made_.positions = last.size() / classes;
  }

  ObjectReader root_;
  ForeignDescription made_;
  std::vector<Shape> outputs_;
};

}  // namespace

ForeignDescription foreign_description(std::string_view json) {
  const Described parsed = formats::parse_json(json, "the network's description");
  if (parsed.is_discarded())
    throw Error{{.where = "the network's description", .expected = "JSON", .received = "something else"}};
  return DescriptionReader(parsed).read();
}

}  // namespace evenkeel
