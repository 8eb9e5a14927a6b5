#include "evenkeel/runs/import_folder.h"

#include <fstream>

#include "evenkeel/nn/weights_file.h"
#include "evenkeel/runs/open_model.h"
#include "tests/data/helpers.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

/// A dense layer as an importer gives it.
interchange::Imported imported() {
  Model model(Shape{2}, "tiny");
  model.append(Dense{.units = 1, .name = "dense"});
  interchange::Imported made{.file = {.model = model}, .weights = {}, .record = {}};
  made.record.format = "onnx";
  made.record.file = "tiny.onnx";
  made.record.lost = {"nothing"};
  made.weights.add("dense/kernel", Tensor::of<float>({2, 1}, std::vector<float>{1, 2}));
  made.weights.add("dense/bias", Tensor::of<float>({1}, std::vector<float>{3}));
  return made;
}

struct ImportFolder : testing::Test {
  TestFolder folder_;
  fs::path nets() const { return folder_ / "nets"; }
};

TEST_F(ImportFolder, IsAModelWithItsRecordAndWeights) {
  write_import_folder(imported(), nets());
  const OpenedModel opened = open_model(nets());
  EXPECT_EQ(opened.record, imported().record);
  const LoadedNetwork loaded = load_network(opened, {});
  EXPECT_EQ(loaded.network->weight("dense/kernel").as<float>()[1], 2);
}

TEST_F(ImportFolder, KeepsTheStateOfTheOptimizer) {
  interchange::Imported with_state = imported();
  with_state.file.training.set({.key = "optimizer", .value = std::string("adam")});
  with_state.slots.metadata["step"] = "12";
  TrainerOptions options;
  options.loss = MeanSquaredError{};
  Trainer probe(with_state.file.model, options);
  probe.set_optimizer_state({}, 0);  // makes the slots
  for (const auto& entry : probe.network().store().slots.layout().entries) {
    Tensor values(entry.type.shape, entry.type.dtype);
    std::ranges::fill(values.as<float>(), 0.5f);
    with_state.slots.add(entry.name, std::move(values));
  }
  write_import_folder(with_state, nets());
  Trainer trainer(with_state.file.model, options);
  EXPECT_TRUE(set_optimizer_state(trainer, open_model(nets())));
  EXPECT_EQ(trainer.steps_done(), 12);
  EXPECT_EQ(trainer.network().store().slots.get("adam/m").as<float>()[0], 0.5f);
}

TEST_F(ImportFolder, OfAnotherOptimizerBeginsAnew) {
  interchange::Imported with_state = imported();
  with_state.slots.add("sgd/velocity", Tensor({16}, DType::float32));
  write_import_folder(with_state, nets());
  TrainerOptions options;
  options.loss = MeanSquaredError{};
  Trainer trainer(with_state.file.model, options);
  EXPECT_FALSE(set_optimizer_state(trainer, open_model(nets())));
  EXPECT_EQ(trainer.steps_done(), 0);
}

TEST_F(ImportFolder, IsReplacedByAnotherImport) {
  write_import_folder(imported(), nets());
  interchange::Imported other = imported();
  other.record.file = "other.onnx";
  write_import_folder(other, nets());
  EXPECT_EQ(import_record_in(nets())->file, "other.onnx");
  EXPECT_EQ(std::distance(fs::directory_iterator(nets()), fs::directory_iterator()), 3);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / ""), fs::directory_iterator()), 1) << "nothing is left";
}

TEST_F(ImportFolder, OfOthersFilesIsRefusedAndKept) {
  fs::create_directory(nets());
  std::ofstream(nets() / "mine.txt") << "mine";
  EXPECT_SAYS(error_of([&] { write_import_folder(imported(), nets()); }), "mine.txt");
  EXPECT_TRUE(fs::exists(nets() / "mine.txt"));
  fs::remove(nets() / "mine.txt");
  write_import_folder(imported(), nets());
  std::ofstream(nets() / "notes.txt") << "mine";
  EXPECT_SAYS(error_of([&] { write_import_folder(imported(), nets()); }), "notes.txt");
}

TEST_F(ImportFolder, IsNotMadeWhereWeightsAreMissing) {
  interchange::Imported less = imported();
  less.weights = {};
  EXPECT_SAYS(error_of([&] { write_import_folder(less, nets()); }), "dense/kernel");
  EXPECT_TRUE(fs::is_empty(folder_ / ""));
}

TEST_F(ImportFolder, KnowsWhetherItsFileHasChanged) {
  interchange::Record record = imported().record;
  record.file = (folder_ / "tiny.onnx").string();
  EXPECT_SAYS(error_of([&] { original_file(record); }), "no such file");
  std::ofstream(folder_ / "tiny.onnx") << "as it was";
  record.checksum = checksum_of(record.file);
  EXPECT_EQ(original_file(record), folder_ / "tiny.onnx");
  std::ofstream(folder_ / "tiny.onnx") << "as it is";
  EXPECT_SAYS(error_of([&] { original_file(record); }), "has changed");
}

}  // namespace
}  // namespace evenkeel
