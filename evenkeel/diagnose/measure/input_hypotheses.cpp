#include "evenkeel/diagnose/measure/input_hypotheses.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "evenkeel/kernels/probe/moments_reference.h"

namespace evenkeel {
namespace {

// The usual preparation for ImageNet: torchvision's for values in [0, 1], Caffe's and Keras's for bytes. RGB.
constexpr std::array kTorchMean = {0.485, 0.456, 0.406}, kTorchDeviation = {0.229, 0.224, 0.225};
constexpr std::array kCaffeMean = {123.68, 116.779, 103.939};
constexpr double kBytes = 255;

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

/// y = scale * x + offset that turns the moments `from` into `to`.
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

class Hypotheses {
 public:
  explicit Hypotheses(const InputSummary& data)
      : data_(data), least_(data.least_of_all()), most_(data.most_of_all()), channels_(data.least.size()) {}

  std::vector<InputHypothesis> all(const LayerStatistics* train) {
    add_ranges();
    add_moments();
    add_spread();
    if (channels_ == 3) add_imagenet();
    if (train) {
      const char* text = "brought to mean and deviation of the training data, each channel";
      all_.push_back(moved("as-training-data", text, data_.moments, *train));
      all_.back().fits_anything = true;
    }
    if (data_.sample.rank() == 3) add_axes();
    return std::move(all_);
  }

 private:
  void add(const char* name, const char* correction, double scale, double offset) {
    all_.push_back({.name = name, .correction = correction, .scale = {scale}, .offset = {offset}});
  }

  void add_ranges() {
    if (least_ >= 0 && most_ > 1 && most_ <= kBytes) {
      add("over-255", "divided by 255", 1 / kBytes, 0);
      add("bytes-to-signed", "divided by 127.5, less 1: from [0, 255] to [-1, 1]", 1 / 127.5, -1);
      add("inverted", "subtracted from 255: light for dark", -1, kBytes);
    } else if (least_ >= 0 && most_ <= 1) {
      add("times-255", "multiplied by 255", kBytes, 0);
      add("unit-to-signed", "doubled, less 1: from [0, 1] to [-1, 1]", 2, -1);
      add("inverted", "subtracted from 1: light for dark", -1, 1);
      add("over-255", "divided by 255", 1 / kBytes, 0);
    } else if (least_ >= -1 && most_ <= 1) {
      add("signed-to-bytes", "plus 1, times 127.5: from [-1, 1] to [0, 255]", 127.5, 127.5);
      add("signed-to-unit", "plus 1, halved: from [-1, 1] to [0, 1]", 0.5, 0.5);
      add("inverted", "negated: light for dark", -1, 0);
      add("times-255", "multiplied by 255", kBytes, 0);
    } else if (least_ >= 0) {
      add("words-to-bytes", "divided by 257: from 16 bits to 8", 1 / 257.0, 0);
      add("words-to-unit", "divided by 65535: from 16 bits to [0, 1]", 1 / 65535.0, 0);
    } else {
      add("inverted", "negated: light for dark", -1, 0);
      add("over-255", "divided by 255", 1 / kBytes, 0);
      add("over-127.5", "divided by 127.5", 1 / 127.5, 0);
      add("times-255", "multiplied by 255", kBytes, 0);
    }
  }

  void add_moments() {
    InputHypothesis centred{.name = "mean-subtracted", .correction = "less the mean of each channel"};
    for (const double mean : data_.moments.mean) {
      centred.scale.push_back(1);
      centred.offset.push_back(-mean);
    }
    all_.push_back(std::move(centred));
    all_.push_back(
        standardized("standardized", "standardized: less the mean, over the deviation", pooled(data_.moments)));
    if (channels_ > 1)
      all_.push_back(standardized("standardized-by-channel",
                                  "standardized: less the mean, over the deviation of each channel", data_.moments));
    all_.push_back({.name = "standardized-by-sample",
                    .correction = "standardized one by one: each sample less its mean, over its deviation",
                    .by_sample = true});
  }

  /// Values that fill none of the usual ranges: standardized already, dark, or of more than eight bits.
  void add_spread() {
    const bool dark = (most_ > 1 && most_ <= kBytes / 2) || most_ <= 0.5;
    if (least_ >= 0 && most_ <= kBytes && !dark) return;
    for (const double up_to : {1.0, kBytes}) {
      const std::string top = up_to == 1 ? "1" : "255";
      all_.push_back(spread("spread-to-" + top, "spread from 0 to " + top, {least_}, {most_}, up_to));
      if (channels_ > 1)
        all_.push_back(spread("spread-to-" + top + "-by-channel", "spread from 0 to " + top + " in each channel",
                              data_.least, data_.most, up_to));
    }
  }

  static InputHypothesis spread(std::string name, std::string correction, const std::vector<double>& least,
                                const std::vector<double>& most, double up_to) {
    InputHypothesis h{.name = std::move(name), .correction = std::move(correction)};
    for (std::size_t c = 0; c < least.size(); ++c) {
      // Dark images stay dark: only values below 0 cause a shift.
      const double floor = std::min(least[c], 0.0), width = most[c] - floor;
      h.scale.push_back(width > 0 ? up_to / width : 1);
      h.offset.push_back(-h.scale[c] * floor);
    }
    return h;
  }

  void add_imagenet() {
    InputHypothesis torch{.name = "imagenet", .correction = {}}, caffe{.name = "imagenet-means", .correction = {}};
    const bool bytes = most_ > 3, undo = least_ < 0;
    const double unit = bytes ? kBytes : 1;
    for (std::size_t c = 0; c < 3; ++c) {
      torch.scale.push_back(undo ? kTorchDeviation[c] * kBytes : 1 / (unit * kTorchDeviation[c]));
      torch.offset.push_back(undo ? kTorchMean[c] * kBytes : -kTorchMean[c] / kTorchDeviation[c]);
      caffe.scale.push_back(1);
      caffe.offset.push_back(undo ? kCaffeMean[c] : -kCaffeMean[c]);
    }
    torch.correction =
        undo ? "times ImageNet's deviations, plus its means, times 255"
             : std::string(bytes ? "divided by 255, " : "") + "less ImageNet's means, over its deviations";
    caffe.correction = undo ? "plus ImageNet's means of bytes" : "less ImageNet's means of bytes";
    if (!undo || !bytes) all_.push_back(std::move(torch));
    if (bytes) all_.push_back(std::move(caffe));
  }

  void add_axes() {
    if (channels_ == 3) {
      all_.push_back({.name = "channels-reversed",
                      .correction = "their channels in reverse order: RGB for BGR, or the other way",
                      .reverse_channels = true});
      all_.push_back({.name = "gray", .correction = "gray: each channel their luminance", .gray = true});
    }
    const bool square = data_.sample[0] == data_.sample[1];
    if (square) all_.push_back({.name = "transposed", .correction = "height and width exchanged", .transpose = true});
    all_.push_back({.name = "mirrored", .correction = "mirrored: left for right", .flip_width = true});
    all_.push_back({.name = "upside-down", .correction = "flipped: top for bottom", .flip_height = true});
    all_.push_back(
        {.name = "turned-180", .correction = "turned by 180 degrees", .flip_height = true, .flip_width = true});
    if (!square) return;
    all_.push_back({.name = "turned-right",
                    .correction = "turned by 90 degrees to the right",
                    .transpose = true,
                    .flip_width = true});
    all_.push_back({.name = "turned-left",
                    .correction = "turned by 90 degrees to the left",
                    .transpose = true,
                    .flip_height = true});
  }

  const InputSummary& data_;
  double least_, most_;
  std::size_t channels_;
  std::vector<InputHypothesis> all_;
};

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

InputHypothesis::Kind InputHypothesis::kind() const {
  if (reverse_channels || gray) return Kind::channels;
  return transpose || flip_height || flip_width ? Kind::axes : Kind::values;
}

InputSummary::InputSummary(const Dataset& data) : sample(data.sample_shape()), moments(channel_moments(data)) {
  const auto channels = static_cast<std::size_t>(sample.back());
  least.assign(channels, INFINITY);
  most.assign(channels, -INFINITY);
  const Tensor x = converted(data.x(), DType::float32);
  const auto values = x.as<float>();
  for (std::size_t i = 0; i < values.size(); i += channels)
    for (std::size_t c = 0; c < channels; ++c) {
      least[c] = std::min(least[c], static_cast<double>(values[i + c]));
      most[c] = std::max(most[c], static_cast<double>(values[i + c]));
    }
}

double InputSummary::least_of_all() const { return std::ranges::min(least); }
double InputSummary::most_of_all() const { return std::ranges::max(most); }

InputSummary InputSummary::after(const InputHypothesis& h) const {
  InputSummary result = *this;
  if (h.reverse_channels)
    for (std::vector<double>* of : {&result.least, &result.most, &result.moments.mean, &result.moments.variance})
      std::ranges::reverse(*of);
  for (std::size_t c = 0; !h.scale.empty() && c < least.size(); ++c) {
    const double scale = h.scale[c % h.scale.size()], offset = h.offset[c % h.scale.size()];
    result.moments.mean[c] = scale * result.moments.mean[c] + offset;
    result.moments.variance[c] = scale * scale * result.moments.variance[c];
    const double a = scale * result.least[c] + offset, b = scale * result.most[c] + offset;
    result.least[c] = std::min(a, b);
    result.most[c] = std::max(a, b);
  }
  return result;
}

std::vector<InputHypothesis> input_hypotheses(const InputSummary& data, const LayerStatistics* train) {
  return Hypotheses(data).all(train);
}

}  // namespace evenkeel
