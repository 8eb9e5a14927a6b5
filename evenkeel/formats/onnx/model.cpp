#include "evenkeel/formats/onnx/model.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <limits>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/onnx/structure.h"

namespace evenkeel::formats {
namespace {

namespace io = google::protobuf::io;

/// Protobuf's view of a Source.
class SourceStream final : public io::CopyingInputStream {
 public:
  explicit SourceStream(const Source& source) : source_(source) {}

  int Read(void* buffer, int size) override {
    const auto left = source_.size() - at_;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, static_cast<std::uint64_t>(size)));
    source_.read(at_, {static_cast<std::byte*>(buffer), count});
    at_ += count;
    return static_cast<int>(count);
  }

 private:
  const Source& source_;
  std::uint64_t at_ = 0;
};

}  // namespace

std::unique_ptr<onnx::ModelProto> read_onnx_model(const Source& source) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (source.size() > kMost)
    throw Error{{.kind = Error::unsupported,
                 .where = source.name(),
                 .expected = "an ONNX file of at most 2 GB",
                 .received = fmt::format("{} bytes", source.size()),
                 .hint = "Larger tensors belong into a file beside it (external data)."}};
  check_onnx_structure(source);
  auto model = std::make_unique<onnx::ModelProto>();
  SourceStream bytes(source);
  io::CopyingInputStreamAdaptor stream(&bytes, 1 << 18);
  io::CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(static_cast<int>(kMost));
  coded.SetRecursionLimit(100);
  if (!model->ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage())
    throw Error{{.where = source.name(),
                 .expected = "an ONNX model",
                 .received = "a message that cannot be parsed",
                 .hint = "The file is damaged or of another format."}};
  if (!model->has_graph() || model->opset_import_size() == 0)
    throw Error{{.where = source.name(),
                 .expected = "an ONNX model",
                 .received = model->has_graph() ? "one that does not say which opset it uses" : "one without a graph",
                 .hint = "The file is damaged or of another format."}};
  return model;
}

}  // namespace evenkeel::formats
