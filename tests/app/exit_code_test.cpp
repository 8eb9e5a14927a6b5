#include "apps/evenkeel/exit_code.h"

#include <sys/stat.h>

#include <new>
#include <stdexcept>

#include "evenkeel/base/error.h"
#include "evenkeel/base/version.h"
#include "tests/app/app_test.h"
#include "tests/support/ordinary_user.h"

namespace evenkeel {
namespace {

/// What the program's end says, by the kind of the error. That wrong input is 2 is held by BadInput.
class ExitCode : public App {
 protected:
  /// Runs with a folder that anybody may write in.
  void open_to_all() { ASSERT_EQ(chmod(folder_.path().c_str(), 0777), 0); }
};

TEST_F(ExitCode, Is3ForAFileThatMayNotBeRead) {
  open_to_all();
  ASSERT_EQ(chmod((folder_ / "data.npz").c_str(), 0), 0);
  const OrdinaryUser user;
  EXPECT_SAYS(failure(3, {"data", "info", "data.npz"}), "data.npz: expected a file that can be read, received Permis");
}

TEST_F(ExitCode, Is3ForAFolderThatMayNotBeWritten) {
  open_to_all();
  std::filesystem::create_directory(folder_ / "closed");
  ASSERT_EQ(chmod((folder_ / "closed").c_str(), 0555), 0);
  const OrdinaryUser user;
  EXPECT_SAYS(failure(3, {"train", "model.toml", "--data", "data.npz", "--out", "closed/run"}), "Permission denied");
}

// A limit on the size of files fails a write as a full disk does.
const std::vector<std::string> kSmallDisk = {"sh", "-c", "ulimit -f 1; exec \"$@\"", "sh"};

TEST_F(ExitCode, Is3ForADiskThatIsFullAndTheOldFileStays) {
  train("a");
  run({"weights", "a", "--export", "kept.safetensors"});
  const std::string before = read("kept.safetensors");
  EXPECT_SAYS(failure(3, {"weights", "a", "--export", "kept.safetensors"}, kSmallDisk), "kept.safetensors");
  EXPECT_EQ(read("kept.safetensors"), before);
}

TEST_F(ExitCode, Is3ForADiskThatIsFullWhileTraining) {
  EXPECT_SAYS(failure(3, {"train", "model.toml", "--data", "data.npz", "--out", "run"}, kSmallDisk), "run/");
}

TEST_F(ExitCode, Is3WithoutMemory) {
  const std::vector<std::string> little = {"sh", "-c", "ulimit -v 700000; exec \"$@\"", "sh"};
  const std::string said =
      failure(3, {"plan", "model.toml", "--time", "--batch-size", "1000000", "--threads", "1"}, little);
  EXPECT_SAYS(said, "memory");
}

TEST_F(ExitCode, Is3ForAServerThatIsNotThere) {
  setenv("no_proxy", "127.0.0.1", 1);
  EXPECT_SAYS(failure(3, {"data", "fetch", "mnist", "--data-dir", "data", "--url", "http://127.0.0.1:1/"}),
              "http://127.0.0.1:1/");
}

TEST_F(ExitCode, Is2ForAnAddressWhereNothingIs) {
  EXPECT_SAYS(failure(2, {"data", "fetch", "mnist", "--data-dir", "data", "--url", "file:///nowhere"}), "/nowhere");
}

TEST_F(ExitCode, Is4ForAFileOfAKindThatIsNotRead) {
  train("a");
  std::string header = "{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }";
  header.resize(117, ' ');
  write("b.npy", std::string("\x93NUMPY\1\0", 8) + std::string("\x76\0", 2) + header + '\n' + std::string(12, '\0'));
  EXPECT_SAYS(failure(4, {"weights", "a", "--set", "dense/bias=b.npy", "--out", "b.safetensors"}), "dtype >f4");
}

TEST_F(ExitCode, Is4ForBfloat16OnAProcessorWithoutIt) {
  EXPECT_SAYS(failure(4, {"train", "model.toml", "--data", "data.npz", "--precision", "bfloat16"},
                      {"env", "EVENKEEL_ISA=sse4"}),
              "expected a processor with AVX-512 BF16 or AMX");
}

TEST_F(ExitCode, OfAFailureLeavesStandardOutputEmptyInJsonToo) {
  const auto result = run({"evaluate", "model.toml", "--data", "none.npz", "--json"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_SAYS(result.err, "evenkeel: ");
}

/// What becomes of an exception that reaches main().
template <class Exception>
app::Failure failure_of(const Exception& exception) {
  std::string words[] = {"evenkeel", "train", "my model.toml"};
  char* command_line[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  return app::failure_of(std::make_exception_ptr(exception), command_line);
}

TEST(FailureOf, HasACodeForEachKind) {
  EXPECT_EQ(failure_of(Error({.kind = Error::input, .received = "x"})).code, 2);
  EXPECT_EQ(failure_of(Error({.kind = Error::environment, .received = "x"})).code, 3);
  EXPECT_EQ(failure_of(Error({.kind = Error::unsupported, .received = "x"})).code, 4);
  EXPECT_EQ(failure_of(Error({.kind = Error::internal, .received = "x"})).code, 70);
}

TEST(FailureOf, TakesTheStandardLibrarysExceptions) {
  EXPECT_EQ(failure_of(std::bad_alloc()).code, 3);
  EXPECT_EQ(failure_of(std::system_error(ENOSPC, std::generic_category())).code, 3);
  EXPECT_EQ(failure_of(std::logic_error("x")).code, 70);
}

TEST(FailureOf, HoldsAnExceptionOfAnUnknownTypeForAFaultOfOurs) { EXPECT_EQ(failure_of(17).code, 70); }

TEST(FailureOf, SaysWhatToReportOfAFaultOfOurs) {
  const std::string said = failure_of(std::logic_error("a loss without kernels")).message;
  EXPECT_SAYS(said, "a loss without kernels.\n");
  EXPECT_SAYS(said, kVersion);
  EXPECT_SAYS(said, "evenkeel train 'my model.toml'");
  EXPECT_SAYS(said, "docs/exit-codes.md");
}

TEST(FailureOf, AddsNothingToAnErrorThatTheUserCanPutRight) {
  EXPECT_EQ(failure_of(Error({.where = "w", .received = "r"})).message, "w: r.");
}

}  // namespace
}  // namespace evenkeel
