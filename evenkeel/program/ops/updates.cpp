#include "evenkeel/program/ops/updates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/kernels/optimizer/list.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {
namespace {

std::vector<kernels::BlockPart> parts_of(const std::vector<Extent>& tensors) {
  std::vector<kernels::BlockPart> parts;
  for (const Extent& tensor : tensors) parts.push_back({tensor.offset, tensor.size});
  return parts;
}

kernels::UpdateOptions told(const UpdateOptions& options) {
  return {.weight_decay = options.weight_decay, .clip_value = options.clip_value, .parts = parts_of(options.tensors)};
}

}  // namespace

/// All operands except the scales, of which there is one per tensor.
std::vector<TensorType> Update::infer(std::span<const TensorType> in) const {
  for (std::size_t i = 0; i < in.size(); ++i)
    if (i != kernels::kGradientScales && in[i].shape.rank() > 0) require_same(in[0], in[i], "optimizer block");
  return {};
}

std::string Update::options_text() const {
  std::string text;
  if (options_.weight_decay != 0) text += fmt::format(", weight decay {:g}", options_.weight_decay);
  if (std::isfinite(options_.clip_value)) text += fmt::format(", clipped to {:g}", options_.clip_value);
  return text;
}

std::string SgdUpdate::detail() const {
  std::string text = momentum_ == 0 ? "" : fmt::format(", momentum {:g}{}", momentum_, nesterov_ ? ", nesterov" : "");
  text += options_text();
  return text.empty() ? text : text.substr(2);
}

Kernel SgdUpdate::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::Sgd{.momentum = momentum_, .nesterov = nesterov_, .options = told(options())}, r);
}

std::string AdamUpdate::detail() const {
  return fmt::format("beta {:g} {:g}, epsilon {:g}{}", beta_1_, beta_2_, epsilon_, options_text());
}

Kernel AdamUpdate::choose(const KernelRequest& r) const {
  return kernels::choose(
      kernels::Adam{.beta_1 = beta_1_, .beta_2 = beta_2_, .epsilon = epsilon_, .options = told(options())}, r);
}

std::string ClipNorm::detail() const {
  return fmt::format("{:g} {}", limit_, tensors_.empty() ? "over all tensors" : "for each tensor");
}

std::vector<TensorType> ClipNorm::infer(std::span<const TensorType> in) const {
  return {{{std::max<std::int64_t>(1, std::ssize(tensors_))}, in[0].dtype}};
}

Kernel ClipNorm::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::ClipNorm{.limit = limit_, .parts = parts_of(tensors_)}, r);
}

std::string MovingAverage::detail() const { return fmt::format("momentum {:g}", momentum_); }

std::vector<TensorType> MovingAverage::infer(std::span<const TensorType> in) const {
  require_same(in[0], in[1], "average");
  return {};
}

Kernel MovingAverage::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::MovingAverage{.momentum = momentum_}, r);
}

}  // namespace evenkeel::ops
