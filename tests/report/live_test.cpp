#include "evenkeel/report/doctor/live.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "evenkeel/report/doctor/json.h"
#include "evenkeel/report/doctor/text.h"
#include "evenkeel/report/writers/html.h"
#include "tests/diagnose/live_double.h"
#include "tests/diagnose/trained.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

/// A network whose statistics were forgotten.
std::unique_ptr<Trainer> forgetful() {
  auto trainer = trained(small_mlp(), 60);
  Network& network = trainer->network();
  set_moving_statistics(network, {{"norm_1", std::vector<double>(48, 0.0), std::vector<double>(48, 1.0)}});
  return trainer;
}

TEST(LiveReport, SpeaksOfALiveNetworkInItsFrameworksWords) {
  const auto trainer = forgetful();
  LiveDouble live(trainer->network(), small_data().test.range(0, 400));
  const LiveReport report = diagnose_live(live, {.name = "resnet"});
  EXPECT_EQ(live.restored, 1);
  const auto json = nlohmann::json::parse(doctor_json(report.description));
  EXPECT_EQ(json.at("findings").at(0).at("code"), "never-updated");
  EXPECT_EQ(json.at("findings").at(0).at("layer"), "norm_1");
  EXPECT_EQ(json.at("findings").at(0).at("remedy").at("command"),
            "fixed = ek.repair(model, data, fix=\"never-updated\")");
  bool told = false;
  for (const auto& unchecked : json.at("unchecked")) {
    EXPECT_EQ(unchecked.at("why").get<std::string>().find("(--"), std::string::npos) << unchecked;
    told = told || unchecked.at("why") == "no training data are given (train=...)";
  }
  EXPECT_TRUE(told);
  const std::string details = doctor_details(report.description);
  EXPECT_SAYS(details, "PyTorch:");
  EXPECT_EQ(details.find("Keras:"), std::string::npos);
  const std::string page = html(live_page(report));
  EXPECT_SAYS(page, "doctor: resnet");
  EXPECT_SAYS(page, "In PyTorch");
  EXPECT_EQ(page.find("In Keras"), std::string::npos);
}

TEST(LiveReport, RestoresTheNetworkWhateverHappens) {
  const auto trainer = forgetful();
  class Failing : public LiveDouble {
   public:
    using LiveDouble::LiveDouble;
    LiveAnswer run(const LiveBatch& batch, const LiveModes& modes, const LiveWants& wants) override {
      if (++runs == 4) throw std::runtime_error("out of memory there");
      return LiveDouble::run(batch, modes, wants);
    }
    int runs = 0;
  } live(trainer->network(), small_data().test.range(0, 400));
  EXPECT_THROW(diagnose_live(live), std::runtime_error);
  EXPECT_EQ(live.restored, 1);
}

TEST(LiveReport, KnowsWhatTheFrameworkRecords) {
  const auto trainer = forgetful();
  class Recording : public LiveDouble {
   public:
    using LiveDouble::LiveDouble;
    std::string description() override {
      auto json = described();
      json["records"] = {{"updates", 60}, {"batch_size", 50}};
      json["lost"] = {"The seed of dropout is not known."};
      return formats::json_text(json);
    }
  } live(trainer->network(), small_data().test.range(0, 400));
  const LiveReport report = diagnose_live(live);
  EXPECT_EQ(report.diagnosis.attribution.batch_size, 50);
  EXPECT_EQ(unchecked_reason(report.diagnosis, "the number of updates"), "");
  ASSERT_FALSE(report.diagnosis.notes.empty());
  EXPECT_EQ(report.diagnosis.notes.front(), "The seed of dropout is not known.");
}

}  // namespace
}  // namespace evenkeel
