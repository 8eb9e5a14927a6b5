// How cost grows, as Markdown tables: with threads, batch and depth; what compiling, a single image and a start cost.
//   scaling [threads|batch|depth|image|start|mnist]...      all of them without any; from the folder of the sources
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/error.h"
#include "evenkeel/data/sources.h"
#include "evenkeel/formats/npz.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/studies/workloads.h"
#include "evenkeel/train/benchmark.h"

extern char** environ;

namespace {

using namespace evenkeel;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

NetworkOptions options_of(const Workload& workload, int threads) {
  return {.loss = workload.loss, .optimizer = workload.optimizer, .compute = {.threads = threads}};
}

/// Medians of runs that take turns, so that a drifting clock hits all alike.
std::vector<double> in_turns(const std::vector<BenchmarkRun*>& runs, int rounds, int steps) {
  std::vector<Timing> timings(runs.size());
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < runs.size(); ++i)
      for (const double ms : runs[i]->time(steps, 1).ms) timings[i].ms.push_back(ms);
  std::vector<double> medians;
  for (const Timing& timing : timings) medians.push_back(timing.median());
  return medians;
}

void threads_table() {
  const int cores = Machine::here().cores;
  fmt::print("| workload | 1 thread, ms | {0} threads, ms | ratio |\n| --- | --- | --- | --- |\n", cores);
  for (const std::string& name : study_workload_names()) {
    const Workload workload = workload_named(name);
    BenchmarkRun one(workload.model, options_of(workload, 1), workload.batch_size, true);
    BenchmarkRun all(workload.model, options_of(workload, cores), workload.batch_size, true);
    const auto ms = in_turns({&one, &all}, 5, name == "W2" ? 2 : 10);
    fmt::print("| {} | {:.2f} | {:.2f} | {:.2f} |\n", name, ms[0], ms[1], ms[0] / ms[1]);
  }
}

void batch_table() {
  fmt::print("| workload | batch | ms a step | us a sample |\n| --- | --- | --- | --- |\n");
  for (const std::string& name : study_workload_names()) {
    const Workload workload = workload_named(name);
    for (const std::int64_t batch : {1, 8, 64, 250, 1000}) {
      BenchmarkRun run(workload.model, options_of(workload, 0), batch, true);
      const double ms = in_turns({&run}, 3, batch > 100 ? 3 : 10)[0];
      fmt::print("| {} | {} | {:.3f} | {:.1f} |\n", name, batch, ms, 1e3 * ms / static_cast<double>(batch));
    }
  }
}

/// So many 3x3 convolutions of 32 filters, stride 1, on 8x8 images, each with batch normalization and relu.
Model deep_model(int convolutions) {
  Model model({8, 8, 32}, "deep");
  for (int i = 0; i < convolutions; ++i) {
    model.append(Conv2D{.filters = 32, .kernel_size = 3, .padding = Padding::same, .use_bias = false});
    model.append(BatchNormalization{});
    model.append(Activation{ActivationFunction::relu});
  }
  model.append(Flatten{});
  model.append(Dense{.units = 10});
  return model;
}

void depth_table() {
  fmt::print(
      "| convolutions | layers | compile, ms | limit, ms | ms a step, batch 64 | ms a convolution |\n"
      "| --- | --- | --- | --- | --- | --- |\n");
  for (const int depth : {19, 40, 80, 160}) {
    const Model model = deep_model(depth);
    const auto start = Clock::now();
    Network network(model, {.loss = SoftmaxCrossEntropy{}, .optimizer = Adam{}});
    network.runner(64, Targets::labels, Network::Use::training);
    const double compile = ms_since(start);
    BenchmarkRun run(model, {.loss = SoftmaxCrossEntropy{}, .optimizer = Adam{}}, 64, true);
    const double ms = in_turns({&run}, 3, 10)[0];
    fmt::print("| {} | {} | {:.1f} | {} | {:.2f} | {:.3f} |\n", depth, model.layers(), compile, 100 + 5 * depth, ms,
               ms / depth);
  }
}

void single_image() {
  const Workload workload = workload_named("W3");
  BenchmarkRun run(workload.model, {.compute = {.threads = 1}}, 1, false);
  const Timing timing = run.time(2000, 200);
  fmt::print("A single image of the W3 net on one thread: median {:.3f} ms, 10 to 90 % {:.3f} to {:.3f} (limit 0.35)\n",
             timing.median(), timing.quantile(0.1), timing.quantile(0.9));
}

int run_to_its_end(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (std::string& part : command) arguments.push_back(part.data());
  arguments.push_back(nullptr);
  pid_t process = 0;
  int status = -1;
  if (posix_spawn(&process, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) return -1;
  waitpid(process, &status, 0);
  return status;
}

const std::string kProgram = "build/release/evenkeel";

/// The command, from its start to its end, again and again.
Timing time_processes(const std::vector<std::string>& command) {
  Timing timing;
  for (int i = 0; i < 31; ++i) {
    const auto start = Clock::now();
    if (run_to_its_end(command) != 0)
      throw Error{{.where = command[0] + ' ' + command[1], .expected = "exit code 0", .received = "another"}};
    timing.ms.push_back(ms_since(start));
  }
  return timing;
}

/// Processes that summarize a model, and that read it with weights and predict one image.
void process_start() {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("evenkeel-scaling-{}", getpid());
  std::filesystem::create_directory(folder);
  const Workload workload = workload_named("W3");
  Network network(workload.model, {});
  save_weights(folder / "weights.safetensors", network.weights(), network.store());
  std::ofstream(folder / "model.toml") << write_model_file({.model = workload.model});
  const Tensor image({1, 28, 28, 1}, DType::float32);
  formats::write_npz(folder / "image.npz", {{"x", image.view()}});
  // What a summary prints would stand between the lines here.
  const Timing summary = time_processes(
      {"/bin/sh", "-c", fmt::format("exec {} summary {} >/dev/null", kProgram, (folder / "model.toml").string())});
  const Timing prediction =
      time_processes({kProgram, "predict", folder / "model.toml", "--weights", folder / "weights.safetensors", "--data",
                      folder / "image.npz", "--output", folder / "scores.npz", "--quiet"});
  std::filesystem::remove_all(folder);
  fmt::print("From the start of a process to its end with a summary of the W3 net: median {:.1f} ms (limit 50)\n",
             summary.median());
  fmt::print("From the start of a process to its end with one prediction of the W3 net: median {:.1f} ms (limit 100)\n",
             prediction.median());
}

void mnist_loading() {
  if (!find_source("mnist")) {
    fmt::print("MNIST is not on this disk: its loading is not measured\n");
    return;
  }
  Timing timing;
  for (int i = 0; i < 7; ++i) {
    const auto start = Clock::now();
    load_dataset("mnist:train", Split::train);
    load_dataset("mnist:test", Split::test);
    timing.ms.push_back(ms_since(start));
  }
  fmt::print("MNIST, both splits, from its published files: median {:.0f} ms (limit 400)\n", timing.median());
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::pair<std::string, void (*)()>> parts = {{"threads", threads_table}, {"batch", batch_table},
                                                                 {"depth", depth_table},     {"image", single_image},
                                                                 {"start", process_start},   {"mnist", mnist_loading}};
  const std::vector<std::string> asked(argv + 1, argv + argc);
  fmt::print("{}, {} cores, {}\n", Machine::here().cpu, Machine::here().cores, Machine::here().features());
  for (const auto& [name, measure] : parts)
    if (asked.empty() || std::ranges::find(asked, name) != asked.end()) {
      fmt::print("\n");
      measure();
      std::fflush(stdout);  // a table takes a while: it is read as soon as it is there
    }
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 2;
}
