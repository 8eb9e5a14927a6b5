#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evenkeel/data/reading_report.h"
#include "evenkeel/data/sample_source.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// Samples [begin, end) of a set.
struct SampleRange {
  std::int64_t begin = 0, end = 0;
};
/// The range of a set of `size` samples; negative numbers count from the end, as in Python. Throws Error if it is empty
/// or outside.
SampleRange resolved_range(const std::string& name, std::int64_t size, std::int64_t begin, std::int64_t end);
/// "photos[2:4]"
std::string ranged_name(const std::string& name, SampleRange range, std::int64_t size);

/// Samples, unchanged: raw pixels, never normalized (the model's Rescaling does that). They are in memory, or are made
/// when they are needed (streamed; labels are in memory all the same). For a model with several inputs, a sample has
/// several parts: x for the first one, `more` for the others. A value: copies share the elements. Ranges are views.
class Dataset {
 public:
  struct Parts {
    std::string name;                            ///< "mnist:train[5000:]", a file name
    Tensor x;                                    ///< [N, ...] uint8 or float32
    Tensor y;                                    ///< int32 [N] labels, or float32 [N, K] targets; empty: no targets
    std::vector<std::string> class_names;        ///< may be empty
    std::vector<std::string> sample_names = {};  ///< file names, if each sample is a file; UTF-8
    std::shared_ptr<const ReadingReport> reading = {};  ///< of files; null if there is nothing to report
    std::vector<Tensor> more = {};                      ///< like x, for the model's second input and those after it
    std::vector<std::string> input_names = {};          ///< of x and `more`; may be empty if there is x alone
    std::shared_ptr<const SampleSource> source = {};    ///< in place of x
  };

  Dataset() = default;
  /// Checks: N equal in inputs and y and at least 1, dtypes as above, labels in [0, classes), no NaN or infinity in
  /// floats.
  explicit Dataset(Parts parts);

  const std::string& name() const { return name_; }
  std::int64_t size() const { return end_ - begin_; }
  Shape sample_shape() const;                           ///< of one x, without the batch axis
  DType sample_dtype() const;                           ///< of x
  bool is_streamed() const;                             ///< x is not in memory
  TensorView x() const;                                 ///< [size, ...]; throws Error if the set is streamed
  TensorView y() const;                                 ///< [size] or [size, K]
  std::size_t inputs() const;                           ///< the number of parts of a sample: x, and others
  TensorView input(std::size_t i) const;                ///< [size, ...]; 0: x
  Shape sample_shape_of(std::size_t input) const;       ///< without the batch axis
  const std::vector<std::string>& input_names() const;  ///< empty, or one per input
  bool has_targets() const;
  bool has_labels() const;       ///< integer labels, not [N, K] targets
  std::int64_t classes() const;  ///< of labels: the class names' count, else the largest label + 1;
                                 ///< of targets: K; 0 without targets
  const std::vector<std::string>& class_names() const;
  bool has_sample_names() const;                  ///< whether each sample is a file
  std::string sample_name(std::int64_t i) const;  ///< the file of sample i
  /// The report on reading the whole set; null if it was not read from image files.
  std::shared_ptr<const ReadingReport> reading() const;

  /// Samples [begin, end); a negative number counts from the end, as in Python. Throws Error if the range is empty or
  /// outside.
  Dataset range(std::int64_t begin, std::int64_t end) const;

  /// The same samples, not copied, with label `to[label]` for each, and these classes. Throws Error if a label of the
  /// set has no entry in `to` (-1, or beyond its end).
  Dataset relabelled(const std::vector<std::int32_t>& to, std::vector<std::string> class_names) const;

  /// The same samples with another x. Keeps neither files' names nor the report on reading.
  Dataset with_x(Tensor x) const;

  /// Reads x sample by sample, whether it is in memory or not; for one thread. The set must outlive it.
  std::unique_ptr<SampleSource::Reader> reader() const;
  /// x of some samples [rows.size(), ...], in memory.
  Tensor gathered_x(std::span<const std::uint32_t> rows) const;
  /// Told which samples will be read soon, to read ahead. Does not wait.
  void expect(std::span<const std::int64_t> samples) const;
  /// The file that a streamed sample is read from, for people; empty if it is in memory.
  std::string place_of(std::int64_t sample) const;
  /// What reading ahead may take.
  SampleSource::Budget budget() const;
  /// The order of shards, if x is read from them.
  ReadingOrder reading_order() const;

  /// crc32 over shapes, inputs and y as 8 hexadecimal digits. It shows whether two runs used the same data. Of a
  /// streamed set: over names, sizes and labels.
  std::string fingerprint() const;

 private:
  struct Relabelled {
    Tensor y;
    std::vector<std::string> class_names;
    std::int64_t first = 0;  ///< the sample of `parts_` at which y begins
  };
  const Parts& parts() const;

  std::shared_ptr<const Parts> parts_;            ///< null in a default-constructed set
  std::shared_ptr<const Relabelled> relabelled_;  ///< replaces the parts' y and class names
  std::string name_;
  std::int64_t begin_ = 0, end_ = 0;
  std::int64_t classes_ = 0;  ///< of the whole set, also for a range
};

}  // namespace evenkeel
