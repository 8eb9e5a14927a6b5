#include <fmt/format.h>
#include <onnx.pb.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/onnx/encode.h"
#include "evenkeel/formats/onnx/model.h"
#include "evenkeel/formats/onnx/wire.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/layout.h"

// The file is not written again from what was read: its bytes are copied, those of replaced tensors excepted, and the
// lengths of the messages around them. So everything that this program does not know of stays as it is.

namespace evenkeel::interchange {
namespace {

namespace fs = std::filesystem;
using formats::BytesView;
using formats::EncodedTensor;
using formats::onnx::AttributeProto;
using formats::onnx::GraphProto;
using formats::onnx::ModelProto;
using formats::onnx::NodeProto;
using formats::onnx::TensorProto;

/// Messages that may have tensors in them.
enum class Part { model, graph, node, attribute, tensor, other };

Part part_in(Part outer, const formats::wire::Field& field) {
  if (field.type != 2) return Part::other;
  const int number = field.number;
  if (outer == Part::model && number == ModelProto::kGraphFieldNumber) return Part::graph;
  if (outer == Part::graph && number == GraphProto::kInitializerFieldNumber) return Part::tensor;
  if (outer == Part::graph && number == GraphProto::kNodeFieldNumber) return Part::node;
  if (outer == Part::node && number == NodeProto::kAttributeFieldNumber) return Part::attribute;
  if (outer == Part::attribute && number == AttributeProto::kTFieldNumber) return Part::tensor;
  return Part::other;
}

std::string as_text(BytesView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// The original's tensors by name: initializers, and constants by the names of their values.
class TensorsOfFile {
 public:
  TensorsOfFile(BytesView model, const std::string& where) : where_(where) { walk(model, Part::model, {}); }

  const EncodedTensor* find(const std::string& name) const {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? nullptr : &found->second;
  }
  const std::map<std::string, EncodedTensor>& all() const { return tensors_; }

 private:
  void walk(BytesView content, Part part, const std::string& value) {
    formats::wire::Fields fields(content, where_);
    while (const auto field = fields.next()) {
      const Part inner = part_in(part, *field);
      if (inner == Part::tensor) {
        EncodedTensor tensor = formats::look_at_onnx_tensor(field->content, where_);
        const std::string name = value.empty() ? tensor.name : value;
        tensors_.emplace(name, std::move(tensor));
      } else if (inner == Part::node) {
        const std::string constant = value_of_constant(field->content);
        if (!constant.empty()) walk(field->content, inner, constant);
      } else if (inner != Part::other) {
        walk(field->content, inner, value);
      }
    }
  }

  /// The name of the value that a Constant makes; empty for other nodes.
  std::string value_of_constant(BytesView node) const {
    std::string op, output;
    formats::wire::Fields fields(node, where_);
    while (const auto field = fields.next()) {
      if (field->number == NodeProto::kOpTypeFieldNumber) op = as_text(field->content);
      if (field->number == NodeProto::kOutputFieldNumber && output.empty()) output = as_text(field->content);
    }
    return op == "Constant" ? output : std::string();
  }

  std::string where_;
  std::map<std::string, EncodedTensor> tensors_;
};

/// New contents of some messages of tensors, by where the old ones begin.
using Replacements = std::map<const std::byte*, std::string>;

/// A message in pieces: stretches of the original, and what takes the place of others.
class Rope {
 public:
  Rope(const Replacements& replaced, const std::string& where) : replaced_(replaced), where_(where) {}

  void write_model(BytesView model, formats::AtomicFile& file) {
    for (const BytesView piece : rebuilt(model, Part::model).pieces) file.write(piece);
  }

 private:
  struct Pieces {
    std::vector<BytesView> pieces;
    std::size_t size = 0;
    void add(BytesView piece) {
      const bool goes_on = !pieces.empty() && pieces.back().data() + pieces.back().size() == piece.data();
      if (goes_on)
        pieces.back() = {pieces.back().data(), pieces.back().size() + piece.size()};
      else
        pieces.push_back(piece);
      size += piece.size();
    }
  };

  bool has_replaced(BytesView content) const {
    const auto next = replaced_.lower_bound(content.data());
    return next != replaced_.end() && next->first < content.data() + content.size();
  }

  Pieces rebuilt(BytesView content, Part part) {
    Pieces all;
    formats::wire::Fields fields(content, where_);
    while (const auto field = fields.next()) {
      const Part inner = part_in(part, *field);
      if (inner == Part::other || !has_replaced(field->content)) {
        all.add(field->whole);
        continue;
      }
      Pieces changed;
      if (inner == Part::tensor)
        changed.add(formats::view_of(replaced_.at(field->content.data())));
      else
        changed = rebuilt(field->content, inner);
      std::string& prefix = prefixes_.emplace_back();
      formats::wire::append_prefix(prefix, field->number, changed.size);
      all.add(formats::view_of(prefix));
      for (const BytesView piece : changed.pieces) all.add(piece);
    }
    return all;
  }

  const Replacements& replaced_;
  std::string where_;
  std::deque<std::string> prefixes_;
};

Error does_not_fit(const std::string& original, const std::string& expected, const std::string& received) {
  return Error{{.where = original,
                .expected = expected,
                .received = received,
                .hint = "The file is not the one that was imported, or has changed since: import it again."}};
}

/// Compares the tensors of a record with those of the file, and makes what takes their place.
class Comparison {
 public:
  Comparison(const fs::path& original, const Record& record, const formats::SafetensorsFile& weights)
      : original_(original),
        name_(original.string()),
        record_(record),
        weights_(weights),
        bytes_(formats::read_file(original)),
        tensors_(bytes_, name_),
        files_(original.parent_path()) {}

  void compare() {
    for (const LayerRecord& layer : record_.layers)
      for (const TensorRecord& place : layer.tensors) compare(place);
  }
  const std::vector<std::string>& names() const { return names_; }
  void write(const fs::path& out) {
    formats::AtomicFile file(out);
    Rope(replaced_, name_).write_model(bytes_, file);
    copy_files_beside(out);
    file.commit();
  }

 private:
  const Tensor& ours(const TensorRecord& place) const {
    const Tensor* tensor = weights_.find(place.name);
    if (!tensor)
      throw Error{
          {.where = "weights", .expected = "the tensor \"" + place.name + '"', .received = "none of that name"}};
    return *tensor;
  }

  /// A tensor of the file as float32.
  Tensor numbers_of(const EncodedTensor& tensor, const std::string& where) {
    TensorProto proto;
    if (!proto.ParseFromArray(tensor.content.data(), static_cast<int>(tensor.content.size())))
      throw does_not_fit(where, "a tensor", "other bytes");
    return converted(formats::take_onnx_tensor(proto, where, &files_), DType::float32);
  }

  void compare(const TensorRecord& place) {
    if (place.foreign.empty()) {
      require_unchanged(place);
      return;
    }
    const std::string where = name_ + ": " + place.foreign;
    const EncodedTensor* tensor = tensors_.find(place.foreign);
    if (!tensor) throw does_not_fit(name_, "a tensor \"" + place.foreign + '"', "none of that name");
    const Tensor was = numbers_of(*tensor, where);
    if (was.shape() != place.foreign_shape)
      throw does_not_fit(where, to_string(place.foreign_shape), to_string(was.shape()));
    const Tensor is = converted(to_foreign(ours(place), place), DType::float32);
    const bool same = std::memcmp(was.data(), is.data(), is.bytes()) == 0 ||
                      (tensor->data_type != TensorProto::DOUBLE &&
                       formats::onnx_raw_data(was, tensor->data_type) == formats::onnx_raw_data(is, tensor->data_type));
    const auto other = decided_.find(place.foreign);
    if (other != decided_.end() && (other->second.same != same ||
                                    (!same && replacement(*tensor, is, where) != replaced_.at(tensor->content.data()))))
      throw Error{{.kind = Error::unsupported,
                   .where = where,
                   .expected = "the same numbers for \"" + other->second.name + "\" and \"" + place.name +
                               "\", which share this tensor",
                   .received = "different ones",
                   .hint = "Export the model as a new file instead."}};
    decided_.emplace(place.foreign, Decided{place.name, same});
    if (same) return;
    replaced_[tensor->content.data()] = replacement(*tensor, is, where);
    names_.push_back(place.name);
  }

  static std::string replacement(const EncodedTensor& tensor, const Tensor& numbers, const std::string& where) {
    return formats::with_numbers(tensor, numbers, where);
  }

  /// A tensor that has no place in the file must be what an import of the file makes of it.
  void require_unchanged(const TensorRecord& place) {
    if (!imported_) imported_ = import_onnx(original_, {.input_shape = shape_of_input()});
    const Tensor* fresh = imported_->weights.find(place.name);
    if (!fresh) throw does_not_fit(name_, "a tensor \"" + place.name + "\" of its import", "none");
    const Tensor was = converted(*fresh, DType::float32), is = converted(ours(place), DType::float32);
    if (was.shape() == is.shape() && std::memcmp(was.data(), is.data(), is.bytes()) == 0) return;
    throw Error{{.kind = Error::unsupported,
                 .where = name_,
                 .expected = "a tensor for \"" + place.name + "\", which was changed",
                 .received = "none: the file has these numbers in another form",
                 .hint = "Export the model as a new file instead."}};
  }

  /// Our shape of the first input.
  std::optional<Shape> shape_of_input() const {
    if (record_.inputs.empty()) return {};
    const PortRecord& port = record_.inputs.front();
    const Shape& seen = port.seen_as.rank() > 0 ? port.seen_as : port.foreign_shape;
    std::vector<std::int64_t> sizes(seen.sizes().begin(), seen.sizes().end());
    for (std::size_t i = 0; i < port.axes.size(); ++i) sizes[i] = seen[port.axes[i]];
    return Shape(sizes);
  }

  /// Tensors that stay in other files need those beside the new one.
  void copy_files_beside(const fs::path& out) {
    std::error_code none;
    const fs::path from = original_.parent_path(), to = out.parent_path();
    if (fs::equivalent(from.empty() ? "." : from, to.empty() ? "." : to, none)) return;
    std::set<std::string> locations;
    for (const auto& [name, tensor] : tensors_.all())
      if (tensor.is_external && !replaced_.contains(tensor.content.data())) locations.insert(tensor.location);
    for (const std::string& location : locations) {
      const fs::path copy = to / location;
      if (formats::exists(copy))
        throw Error{{.where = copy.string(), .expected = "no file of this name beside the new one", .received = "one"}};
      const formats::Source& source = files_.open(location, name_);
      formats::Bytes bytes = formats::allocate_bytes(source.size(), location);
      source.read(0, bytes);
      if (copy.has_parent_path()) formats::make_folder(copy.parent_path());
      formats::write_file_atomically(copy, bytes);
    }
  }

  struct Decided {
    std::string name;
    bool same;
  };

  fs::path original_;
  std::string name_;
  const Record& record_;
  const formats::SafetensorsFile& weights_;
  formats::Bytes bytes_;
  TensorsOfFile tensors_;
  formats::OnnxDataFiles files_;
  std::map<std::string, Decided> decided_;  ///< by foreign name
  Replacements replaced_;
  std::vector<std::string> names_;
  std::optional<Imported> imported_;
};

}  // namespace

std::vector<std::string> rewrite_onnx(const fs::path& original, const Record& record,
                                      const formats::SafetensorsFile& weights, const fs::path& out) {
  if (record.format != "onnx")
    throw Error{{.where = original.string(), .expected = "the record of an ONNX file", .received = record.format}};
  Comparison comparison(original, record, weights);
  comparison.compare();
  comparison.write(out);
  return comparison.names();
}

}  // namespace evenkeel::interchange
