#include "evenkeel/diagnose/measure/input_hypotheses.h"
#include "tests/diagnose/trained.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

/// The labels renamed: label i becomes new_label[i].
Dataset relabelled(const Dataset& data, const std::vector<std::int32_t>& new_label) {
  Dataset::Parts parts{.name = data.name(),
                       .x = Tensor::copy_of(data.x()),
                       .y = Tensor::copy_of(data.y()),
                       .class_names = data.class_names()};
  for (std::int32_t& label : parts.y.as<std::int32_t>()) label = new_label[static_cast<std::size_t>(label)];
  return Dataset(std::move(parts));
}

Dataset with_two_exchanged() { return relabelled(small_data().test, {0, 1, 2, 7, 4, 5, 6, 3, 8, 9}); }
Dataset with_all_moved() { return relabelled(small_data().test, {1, 2, 3, 4, 5, 6, 7, 8, 9, 0}); }

std::vector<std::unique_ptr<Trainer>> networks() {
  std::vector<std::unique_ptr<Trainer>> all;
  all.push_back(trained(small_convnet()));
  all.push_back(trained(small_mlp()));
  return all;
}

TEST(ClassOrder, NamesTwoClassesThatAreExchanged) {
  for (const auto& trainer : networks()) {
    const Diagnosis d = diagnose(trainer->network(), {.data = with_two_exchanged()});
    const Finding* f = finding_of(d, "class-order");
    ASSERT_NE(f, nullptr) << told(d);
    EXPECT_SAYS(f->cause, "-> 3");
    EXPECT_SAYS(f->cause, "-> 7");
    EXPECT_EQ(f->evidence[2].value, 2);
  }
}

TEST(ClassOrder, NamesAnOrderInWhichEveryClassMoved) {
  for (const auto& trainer : networks()) {
    const Diagnosis d = diagnose(trainer->network(), {.data = with_all_moved()});
    const Finding* f = finding_of(d, "class-order");
    ASSERT_NE(f, nullptr) << told(d);
    EXPECT_EQ(f->evidence[2].value, 10);
    EXPECT_EQ(f->severity, Severity::error);
    EXPECT_EQ(f->layers, std::vector<std::string>{"head"});
    EXPECT_GT(f->evidence[1].value, 0.5);
    ASSERT_TRUE(f->cost);
    EXPECT_TRUE(f->cost->loss.above_zero_by(5));
    EXPECT_NEAR(-f->cost->accuracy->value, f->evidence[1].value - f->evidence[0].value, 1e-12);
  }
}

/// Without one class, its later ones moved down: what a folder with a missing class makes.
Dataset without_class(std::int32_t missing) {
  const Dataset& data = small_data().test;
  std::vector<std::uint32_t> rows;
  for (std::int64_t i = 0; i < data.size(); ++i)
    if (data.y().as<std::int32_t>()[static_cast<std::size_t>(i)] != missing)
      rows.push_back(static_cast<std::uint32_t>(i));
  std::vector<std::int32_t> moved;
  for (std::int32_t label = 0; label < 10; ++label) moved.push_back(label > missing ? label - 1 : label);
  return relabelled(selected(data, rows, data.name()), moved);
}

TEST(ClassOrder, NamesAChainThatIsNoCycle) {
  for (const Sequential& model : {small_convnet(), small_convnet(0.9, 0.2)}) {
    const auto trainer = trained(model, 700);
    const Diagnosis d = diagnose(trainer->network(), {.data = without_class(4)});
    const Finding* f = finding_of(d, "class-order");
    ASSERT_NE(f, nullptr) << told(d);
    EXPECT_SAYS(f->cause, "4 (triangle) -> 5");
    EXPECT_SAYS(f->cause, "8 (zigzag) -> 9");
    EXPECT_EQ(f->evidence[2].value, 5);
  }
}

TEST(ClassOrder, NamesTheClassesOfBothSets) {
  const auto trainer = trained(small_mlp());
  const auto named = [](const Dataset& data, std::vector<std::string> names) {
    return Dataset({.name = data.name(),
                    .x = Tensor::copy_of(data.x()),
                    .y = Tensor::copy_of(data.y()),
                    .class_names = std::move(names)});
  };
  const Diagnosis d =
      diagnose(trainer->network(),
               {.data = named(with_two_exchanged(), {"a", "b", "c", "H", "e", "f", "g", "D", "i", "j"}),
                .train_data = named(small_data().train, {"a", "b", "c", "D", "e", "f", "g", "H", "i", "j"})});
  const Finding* f = finding_of(d, "class-order");
  ASSERT_NE(f, nullptr) << told(d);
  EXPECT_SAYS(f->cause, "3 (H) -> 7 (H)");
}

TEST(ClassOrder, IsFoundOnTopOfAnotherPreparation) {
  const InputHypothesis too_bright{.name = "planted", .correction = {}, .scale = {255}, .offset = {0}};
  for (const auto& trainer : networks()) {
    const Diagnosis d = diagnose(trainer->network(), {.data = corrected(with_all_moved(), too_bright)});
    EXPECT_TRUE(finding_of(d, "class-order")) << told(d);
    EXPECT_TRUE(finding_of(d, "input-mismatch")) << told(d);
  }
}

TEST(ClassOrder, IsNotTakenForOverfitting) {
  const auto trainer = trained(small_convnet());
  const Diagnosis d = diagnose(trainer->network(), {.data = with_all_moved(), .train_data = small_data().train});
  EXPECT_TRUE(finding_of(d, "class-order")) << told(d);
  EXPECT_FALSE(finding_of(d, "overfitting")) << told(d);
  EXPECT_EQ(d.cells.gap, FourCells::Gap::other_data);
}

TEST(ClassOrder, IsNothingOfTheInput) {
  const auto trainer = trained(small_convnet());
  const Diagnosis d = diagnose(trainer->network(), {.data = with_all_moved()});
  EXPECT_EQ(finding_of(d, "input-mismatch"), nullptr) << told(d);
}

TEST(ClassOrder, IsSilentOnHealthyNetworks) {
  for (const auto& trainer : networks()) {
    const Diagnosis d = diagnosed(trainer->network());
    EXPECT_EQ(finding_of(d, "class-order"), nullptr) << told(d);
  }
}

TEST(ClassOrder, IsSilentOnNetworksThatKnowNothing) {
  for (const std::int64_t steps : {1, 5, 15}) {
    const auto trainer = trained(small_mlp(), steps);
    const Diagnosis d = diagnosed(trainer->network());
    EXPECT_EQ(finding_of(d, "class-order"), nullptr) << told(d);
  }
}

}  // namespace
}  // namespace evenkeel
