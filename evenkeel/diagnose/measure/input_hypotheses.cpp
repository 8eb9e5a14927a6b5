#include "evenkeel/diagnose/measure/input_hypotheses.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/base/error.h"
#include "evenkeel/kernels/probe/moments_reference.h"

namespace evenkeel {
namespace {

/// Of each channel, or of all as one.
struct ValueExtent {
  std::vector<double> least, most;
};

ValueExtent extent_of(const Tensor& x, std::int64_t channels) {
  const auto values = x.as<float>();
  const auto c = static_cast<std::size_t>(channels);
  ValueExtent extent{std::vector<double>(c, INFINITY), std::vector<double>(c, -INFINITY)};
  for (std::size_t i = 0; i < values.size(); ++i) {
    extent.least[i % c] = std::min(extent.least[i % c], static_cast<double>(values[i]));
    extent.most[i % c] = std::max(extent.most[i % c], static_cast<double>(values[i]));
  }
  return extent;
}

/// Mean and deviation of all channels together.
LayerStatistics pooled(const LayerStatistics& channels) {
  const auto count = static_cast<double>(channels.mean.size());
  double mean = 0, squares = 0;
  for (std::size_t c = 0; c < channels.mean.size(); ++c) {
    mean += channels.mean[c] / count;
    squares += (channels.variance[c] + channels.mean[c] * channels.mean[c]) / count;
  }
  return {.layer = channels.layer, .mean = {mean}, .variance = {squares - mean * mean}};
}

double deviation(double variance) { return variance > 0 ? std::sqrt(variance) : 1; }

/// y = scale * x + offset with the moments `to` where x has `from`.
InputHypothesis moved(std::string name, std::string correction, const LayerStatistics& from,
                      const LayerStatistics& to) {
  InputHypothesis h{.name = std::move(name), .correction = std::move(correction)};
  for (std::size_t c = 0; c < from.mean.size(); ++c) {
    h.scale.push_back(deviation(to.variance[c]) / deviation(from.variance[c]));
    h.offset.push_back(to.mean[c] - h.scale[c] * from.mean[c]);
  }
  return h;
}

InputHypothesis standardized(std::string name, std::string correction, const LayerStatistics& moments) {
  const std::size_t n = moments.mean.size();
  return moved(std::move(name), std::move(correction), moments,
               {.layer = "input", .mean = std::vector<double>(n), .variance = std::vector<double>(n, 1)});
}

InputHypothesis spread(std::string name, std::string correction, const ValueExtent& extent, double up_to) {
  InputHypothesis h{.name = std::move(name), .correction = std::move(correction)};
  for (std::size_t c = 0; c < extent.least.size(); ++c) {
    const double width = extent.most[c] - extent.least[c];
    h.scale.push_back(width > 0 ? up_to / width : 1);
    h.offset.push_back(-h.scale[c] * extent.least[c]);
  }
  return h;
}

void add_ranges(std::vector<InputHypothesis>& all, double least, double most) {
  const auto add = [&](const char* name, const char* correction, double scale, double offset) {
    all.push_back({.name = name, .correction = correction, .scale = {scale}, .offset = {offset}});
  };
  if (least >= 0 && most > 1 && most <= 255) {
    add("over-255", "divided by 255", 1 / 255.0, 0);
    add("bytes-to-signed", "divided by 127.5, less 1: from [0, 255] to [-1, 1]", 1 / 127.5, -1);
    add("inverted", "subtracted from 255: light for dark", -1, 255);
  } else if (least >= 0 && most <= 1) {
    add("times-255", "multiplied by 255", 255, 0);
    add("unit-to-signed", "doubled, less 1: from [0, 1] to [-1, 1]", 2, -1);
    add("inverted", "subtracted from 1: light for dark", -1, 1);
  } else if (least >= -1 && most <= 1) {
    add("signed-to-bytes", "plus 1, times 127.5: from [-1, 1] to [0, 255]", 127.5, 127.5);
    add("signed-to-unit", "plus 1, halved: from [-1, 1] to [0, 1]", 0.5, 0.5);
    add("inverted", "negated: light for dark", -1, 0);
  }
}

Tensor transposed(const Tensor& x) {
  const std::int64_t n = x.shape()[0], side = x.shape()[1], channels = x.shape()[3];
  Tensor result(x.shape(), DType::float32);
  const float* from = x.as<float>().data();
  float* to = result.as<float>().data();
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t h = 0; h < side; ++h)
      for (std::int64_t w = 0; w < side; ++w)
        std::copy_n(from + ((i * side + w) * side + h) * channels, channels,
                    to + ((i * side + h) * side + w) * channels);
  return result;
}

}  // namespace

LayerStatistics channel_moments(const Dataset& data) {
  const Tensor x = converted(data.x(), DType::float64);
  const std::int64_t channels = x.shape().back(), rows = x.shape().size() / channels;
  LayerStatistics moments{.layer = "input",
                          .mean = std::vector<double>(static_cast<std::size_t>(channels)),
                          .variance = std::vector<double>(static_cast<std::size_t>(channels))};
  double count = 0;
  kernels::reference::accumulate_moments<double>({x.as<double>().data(), rows, channels}, count, moments.mean,
                                                 moments.variance);
  for (double& v : moments.variance) v /= static_cast<double>(rows);
  return moments;
}

std::optional<Rescaling> InputHypothesis::layer() const {
  if (scale.size() != 1 || offset.size() != 1 || reverse_channels || transpose) return {};
  return Rescaling{.scale = scale[0], .offset = offset[0]};
}

std::vector<InputHypothesis> input_hypotheses(const Dataset& data, const Dataset* train) {
  const Tensor x = converted(data.x(), DType::float32);
  const ValueExtent whole = extent_of(x, 1), each = extent_of(x, x.shape().back());
  const LayerStatistics moments = channel_moments(data);
  const bool many = moments.mean.size() > 1;
  std::vector<InputHypothesis> all;
  add_ranges(all, whole.least[0], whole.most[0]);
  InputHypothesis centred{.name = "mean-subtracted", .correction = "less the mean of each channel"};
  for (const double mean : moments.mean) {
    centred.scale.push_back(1);
    centred.offset.push_back(-mean);
  }
  all.push_back(std::move(centred));
  all.push_back(standardized("standardized", "standardized: less the mean, over the deviation", pooled(moments)));
  if (many)
    all.push_back(standardized("standardized-by-channel",
                               "standardized: less the mean, over the deviation of each channel", moments));
  if (whole.least[0] < 0)
    for (const double up_to : {1.0, 255.0}) {
      const std::string top = up_to == 1 ? "1" : "255";
      all.push_back(spread("spread-to-" + top, "spread from 0 to " + top, whole, up_to));
      if (many)
        all.push_back(
            spread("spread-to-" + top + "-by-channel", "spread from 0 to " + top + " in each channel", each, up_to));
    }
  if (train) {
    all.push_back(moved("as-training-data", "brought to mean and deviation of the training data, each channel", moments,
                        channel_moments(*train)));
    all.back().fits_anything = true;
  }
  const Shape sample = data.sample_shape();
  if (sample.rank() == 3 && sample.back() == 3)
    all.push_back({.name = "channels-reversed",
                   .correction = "their channels in reverse order: RGB for BGR, or the other way",
                   .reverse_channels = true});
  if (sample.rank() == 3 && sample[0] == sample[1])
    all.push_back({.name = "transposed", .correction = "height and width exchanged", .transpose = true});
  return all;
}

Dataset corrected(const Dataset& data, const InputHypothesis& hypothesis) {
  if (hypothesis.offset.size() != hypothesis.scale.size())
    throw Error{{.where = "input hypothesis",
                 .expected = "as many offsets as scales (" + std::to_string(hypothesis.scale.size()) + ')',
                 .received = std::to_string(hypothesis.offset.size())}};
  Tensor x = converted(data.x(), DType::float32);
  const auto channels = static_cast<std::size_t>(x.shape().back());
  if (hypothesis.transpose) x = transposed(x);
  const auto values = x.as<float>();
  if (hypothesis.reverse_channels)
    for (std::size_t i = 0; i < values.size(); i += channels) std::ranges::reverse(values.subspan(i, channels));
  if (const std::size_t n = hypothesis.scale.size(); n > 0)
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] =
          static_cast<float>(hypothesis.scale[i % n] * static_cast<double>(values[i]) + hypothesis.offset[i % n]);
  Dataset::Parts parts{.name = data.name(), .x = std::move(x), .y = {}, .class_names = data.class_names()};
  if (data.has_targets()) parts.y = Tensor::copy_of(data.y());
  return Dataset(std::move(parts));
}

}  // namespace evenkeel
