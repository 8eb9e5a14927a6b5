#include "evenkeel/formats/onnx/streamed_model.h"

#include <fmt/format.h>
#include <onnx.pb.h>

#include <limits>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/onnx/wire.h"

namespace evenkeel::formats {
namespace {

/// A message as bytes; the same for the same message.
std::string serialized(const google::protobuf::MessageLite& message, const std::string& where) {
  std::string bytes;
  if (!message.SerializeToString(&bytes))
    throw Error{{.where = where, .expected = "names and attributes of less than 2 GB", .received = "more"}};
  return bytes;
}

int data_type_of(const StreamedTensor& tensor) {
  switch (tensor.dtype) {
    case DType::float32: return onnx::TensorProto::FLOAT;
    case DType::int64: return onnx::TensorProto::INT64;
    case DType::uint8: return onnx::TensorProto::BOOL;
    default:
      throw Error{{.kind = Error::internal, .where = tensor.name, .received = "elements that are never written"}};
  }
}

/// Everything of the TensorProto before its elements, their tag and length included.
std::string head_of(const StreamedTensor& tensor, std::uint64_t bytes, const std::string& where) {
  onnx::TensorProto proto;
  for (const std::int64_t size : tensor.shape.sizes()) proto.add_dims(size);
  proto.set_data_type(data_type_of(tensor));
  proto.set_name(tensor.name);
  std::string head = serialized(proto, where);
  wire::append_prefix(head, onnx::TensorProto::kRawDataFieldNumber, bytes);
  return head;
}

struct Piece {
  std::string head;  ///< from the tag of the initializer on
  const StreamedTensor* tensor;
  std::uint64_t bytes;
};

}  // namespace

void write_onnx(const std::filesystem::path& path, const onnx::ModelProto& model,
                const std::vector<StreamedTensor>& initializers) {
  AtomicFile file(path);
  const std::string graph = serialized(model.graph(), file.name());
  std::uint64_t size = graph.size();
  std::vector<Piece> pieces;
  for (const StreamedTensor& tensor : initializers) {
    const std::uint64_t bytes = static_cast<std::uint64_t>(tensor.shape.size()) * size_of(tensor.dtype);
    const std::string inner = head_of(tensor, bytes, file.name());
    std::string head;
    wire::append_prefix(head, onnx::GraphProto::kInitializerFieldNumber, inner.size() + bytes);
    head += inner;
    size += head.size() + bytes;
    pieces.push_back({std::move(head), &tensor, bytes});
  }
  onnx::ModelProto rest = model;
  rest.clear_graph();
  std::string begin = serialized(rest, file.name());
  wire::append_prefix(begin, onnx::ModelProto::kGraphFieldNumber, size);
  if (size + begin.size() > std::uint64_t{std::numeric_limits<std::int32_t>::max()})
    throw Error{{.kind = Error::unsupported,
                 .where = file.name(),
                 .expected = "a model of less than 2 GB, the most that one ONNX file holds",
                 .received = fmt::format("{} bytes", size)}};
  file.write(view_of(begin));
  file.write(view_of(graph));
  for (const Piece& piece : pieces) {
    const Tensor elements = piece.tensor->elements();
    if (elements.bytes() != piece.bytes || elements.dtype() != piece.tensor->dtype)
      throw Error{{.kind = Error::internal, .where = piece.tensor->name, .received = "elements of another size"}};
    file.write(view_of(piece.head));
    file.write({elements.data(), elements.bytes()});
  }
  file.commit();
}

}  // namespace evenkeel::formats
