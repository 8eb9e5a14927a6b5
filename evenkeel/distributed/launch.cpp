#include "evenkeel/distributed/launch.h"

#include <dlfcn.h>

#include <cstdlib>
#include <system_error>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/distributed/mpi_plugin.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

/// The number in a variable, or nothing.
std::optional<int> number_in(const Environment& environment, const char* name) {
  const char* text = environment(name);
  if (text == nullptr || *text == 0) return {};
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*end != 0 || value < 0 || value > 10'000'000) return {};
  return static_cast<int>(value);
}

/// The processes of a plug-in.
class PluginCommunicator final : public Communicator {
 public:
  explicit PluginCommunicator(const evenkeel_mpi& mpi) : Communicator(mpi.rank, mpi.size), mpi_(mpi) {}
  ~PluginCommunicator() override { mpi_.close(); }

  std::string name() const override { return Communicator::name() + " on " + mpi_.host; }
  std::string library() const override { return mpi_.library; }
  void sum(std::span<float> v) override { check(mpi_.sum(v.data(), v.size(), evenkeel_mpi_float32)); }
  void sum(std::span<double> v) override { check(mpi_.sum(v.data(), v.size(), evenkeel_mpi_float64)); }
  void start_sum(std::span<float> v) override { check(mpi_.start_sum(v.data(), v.size(), evenkeel_mpi_float32)); }
  void start_sum(std::span<double> v) override { check(mpi_.start_sum(v.data(), v.size(), evenkeel_mpi_float64)); }
  void finish_sums() override { check(mpi_.finish_sums()); }
  void broadcast(std::span<std::byte> bytes) override { check(mpi_.broadcast(bytes.data(), bytes.size())); }
  void gather(std::span<const std::byte> own, std::span<std::byte> all) override {
    check(mpi_.gather(own.data(), own.size(), all.data()));
  }
  void barrier() override { check(mpi_.barrier()); }
  [[noreturn]] void abort(int code) override {
    mpi_.abort(code);
    std::_Exit(code);
  }

 private:
  void check(int error) const {
    if (error != 0) throw Error{{.kind = Error::environment, .where = library(), .received = mpi_.error_text(error)}};
  }

  const evenkeel_mpi& mpi_;
};

/// The plug-in's processes; null, with the reason added to `tried`, if the file is none that works here.
const evenkeel_mpi* opened(const fs::path& file, std::vector<std::string>& tried) {
  std::error_code none;
  if (!fs::exists(file, none)) {
    tried.push_back(file.string() + " (not there)");
    return nullptr;
  }
  // Global, because Open MPI's own plug-ins look for its symbols.
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    tried.emplace_back(dlerror());
    return nullptr;
  }
  const auto open = reinterpret_cast<evenkeel_mpi_open_function>(dlsym(library, "evenkeel_mpi_open"));
  if (open == nullptr) {
    tried.push_back(file.string() + " (no plug-in of Evenkeel)");
    return nullptr;
  }
  const char* error = "no reason given";
  const evenkeel_mpi* mpi = open(&error);
  if (mpi == nullptr) {
    tried.push_back(file.string() + " (" + error + ')');
    return nullptr;
  }
  if (mpi->abi != EVENKEEL_MPI_ABI)
    throw Error{{.kind = Error::environment,
                 .where = file.string(),
                 .expected = "a plug-in of version " + std::to_string(EVENKEEL_MPI_ABI),
                 .received = std::to_string(mpi->abi),
                 .hint = "Install program and plug-in together."}};
  return mpi;
}

}  // namespace

std::optional<Launch> launch_of(const Environment& environment) {
  if (const auto size = number_in(environment, "OMPI_COMM_WORLD_SIZE"); size && *size > 1)
    return Launch{.by = "Open MPI's mpirun",
                  .families = {"openmpi"},
                  .rank = number_in(environment, "OMPI_COMM_WORLD_RANK").value_or(0),
                  .size = *size};
  const bool has_pmix = environment("PMIX_RANK") != nullptr;
  const bool has_pmi = environment("PMI_FD") != nullptr || environment("PMI_RANK") != nullptr;
  const auto in_step = number_in(environment, "SLURM_STEP_NUM_TASKS");
  // MPICH's mpirun starts its proxies by srun, whose step is in the environment then: PMI's own numbers come first.
  const int by_pmi = has_pmi ? number_in(environment, "PMI_SIZE").value_or(0) : 0;
  if (in_step && *in_step > 1 && environment("SLURM_STEP_ID") != nullptr && (by_pmi == 0 || by_pmi == *in_step)) {
    const auto rank = by_pmi > 0 ? number_in(environment, "PMI_RANK") : number_in(environment, "SLURM_PROCID");
    if (has_pmix || has_pmi)
      return Launch{.by = "Slurm's srun",
                    .families = has_pmix ? std::vector<std::string>{"openmpi", "mpich"}
                                         : std::vector<std::string>{"mpich", "openmpi"},
                    .rank = rank.value_or(0),
                    .size = *in_step};
    throw Error{{.kind = Error::environment,
                 .where = "srun",
                 .expected = "processes that MPI can connect",
                 .received = std::to_string(*in_step) + " processes without PMIx or PMI",
                 .hint = "Start them with `srun --mpi=pmix` or `--mpi=pmi2` (`srun --mpi=list` says what there is)."}};
  }
  if (by_pmi > 1)
    return Launch{.by = "MPICH's mpirun",
                  .families = {"mpich"},
                  .rank = number_in(environment, "PMI_RANK").value_or(0),
                  .size = by_pmi};
  return {};
}

std::vector<fs::path> plugin_paths(const Launch& launch, const Environment& environment,
                                   const fs::path& program_folder) {
  if (const char* named = environment("EVENKEEL_MPI"); named != nullptr && *named != 0) return {named};
  std::vector<fs::path> paths;
  for (const std::string& family : launch.families)
    for (const fs::path& folder :
         {program_folder / "mpi", program_folder.parent_path() / EVENKEEL_LIBDIR / "evenkeel" / "mpi"})
      paths.push_back(folder / family / "libevenkeel_mpi.so");
  return paths;
}

std::unique_ptr<Communicator> connect_processes() {
  const Environment environment = [](const char* name) { return std::getenv(name); };
  const std::optional<Launch> launch = launch_of(environment);
  if (!launch) return nullptr;
  std::error_code none;
  const fs::path program = fs::read_symlink("/proc/self/exe", none);
  std::vector<std::string> tried;
  for (const fs::path& file : plugin_paths(*launch, environment, program.parent_path())) {
    const evenkeel_mpi* mpi = opened(file, tried);
    if (mpi == nullptr) continue;
    auto made = std::make_unique<PluginCommunicator>(*mpi);
    if (made->size() == launch->size) return made;
    throw Error{
        {.kind = Error::environment,
         .where = launch->by,
         .expected = std::to_string(launch->size) + " processes",
         .received = std::to_string(made->size()) + " that " + made->library() + " of " + file.string() + " connects",
         .hint = "Was the program started by another MPI's mpirun? EVENKEEL_MPI names the plug-in to use."}};
  }
  throw Error{{.kind = Error::environment,
               .where = launch->by,
               .expected = "the plug-in libevenkeel_mpi.so of " + join(launch->families, " or "),
               .received = join(tried),
               .hint = "Build Evenkeel where this MPI is installed (libopenmpi-dev or libmpich-dev), or name the file "
                       "by EVENKEEL_MPI."}};
}

}  // namespace evenkeel
