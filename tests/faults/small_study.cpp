// A study of two small networks, as `evenkeel study` carries one out: small_study [--resume]. It writes into run/.
#include <fmt/format.h>

#include <csignal>
#include <string_view>

#include "evenkeel/data/strokes.h"
#include "evenkeel/studies/run_study.h"

namespace evenkeel {
namespace {

volatile std::sig_atomic_t signals = 0;

class SmallStudy final : public Study {
 public:
  explicit SmallStudy(const Dataset& data) : data_(data) {}

  const StudyInfo& info() const override {
    static const StudyInfo info{
        .name = "small", .question = "?", .datasets = {"strokes"}, .sweeps = {}, .figures = {}, .quick = ""};
    return info;
  }
  std::int64_t batch_size() const override { return 8; }
  std::vector<StudyVariant> variants() const override {
    std::vector<StudyVariant> variants;
    for (const bool normalized : {false, true}) {
      Sequential model(data_.sample_shape());
      model.add(Rescaling{.scale = 1.0 / 255.0}, MaxPooling2D{.pool_size = 7}, Flatten{});
      if (normalized) model.add(BatchNormalization{.momentum = 0.5F});
      model.add(Dense{.units = 10});
      variants.push_back(make_variant(normalized ? "normalized" : "plain", "", model));
    }
    return variants;
  }
  StudyTraining training(const StudyVariant&) const override {
    return {.trainer = {.loss = SoftmaxCrossEntropy{}, .optimizer = Adam{}, .batch_size = batch_size()},
            .data = &data_,
            .epochs = 2};
  }
  std::optional<StudyRun> run(const StudyVariant& variant, StudyContext& context) const override {
    StudyTraining training = this->training(variant);
    training.after_step = [](const StepEnd& step, Trainer&, StudyRun& run) {
      Series& losses = run.curve("loss");
      losses.x.push_back(static_cast<double>(step.step));
      losses.y.push_back(step.batch.loss);
    };
    training.figures = [&](Trainer& trainer) { return Figures{{"loss", trainer.evaluate(data_).metrics.loss}}; };
    auto trained = context.train(variant, training);
    return trained ? std::optional(std::move(trained->run)) : std::nullopt;
  }
  std::string answer(const StudyResult&) const override { return ""; }
  void explain(const StudyResult&, Report&) const override {}

 private:
  const Dataset& data_;
};

class Observer final : public StudyObserver {
 public:
  void step(std::int64_t, std::int64_t, const Metrics&) override {
    if (signals > 0) stop.request_stop();
  }
  void warn(const std::string& text) override { fmt::print(stderr, "evenkeel: {}\n", text); }

  std::stop_source stop;
};

int study(bool resume) {
  const StudyData data{.train = make_strokes(false, 24), .test = make_strokes(true, 8)};
  Observer observer;
  run_study(SmallStudy(data.train), {}, data, {.seeds = {0}, .compute = {.threads = 1}, .out = "run", .resume = resume},
            observer, observer.stop.get_token());
  return observer.stop.stop_requested() ? 130 : 0;
}

}  // namespace
}  // namespace evenkeel

int main(int count, char** arguments) {
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { evenkeel::signals = 1; });
  try {
    return evenkeel::study(count > 1 && std::string_view(arguments[1]) == "--resume");
  } catch (const evenkeel::Error& error) {
    fmt::print(stderr, "evenkeel: {}\n", error.what());
    return error.kind() == evenkeel::Error::environment ? 3 : 2;
  }
}
