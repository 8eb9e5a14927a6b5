#include "evenkeel/base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <ios>
#include <new>
#include <stdexcept>

namespace evenkeel {
namespace {

TEST(Error, SaysWhereExpectedReceivedAndHint) {
  const Error error{{.where = "layer \"dense_2\"",
                     .expected = "input [N, 1024]",
                     .received = "[N, 4, 4, 64]",
                     .hint = "Put a Flatten before it."}};
  EXPECT_STREQ(error.what(),
               "layer \"dense_2\": expected input [N, 1024], received [N, 4, 4, 64]. Put a Flatten before it.");
}

TEST(Error, TakesReceivedAsTheStatementWhereNothingWasExpected) {
  const Error error{{.where = "a.toml:3", .received = "unknown key \"kernal\""}};
  EXPECT_STREQ(error.what(), "a.toml:3: unknown key \"kernal\".");
}

TEST(Error, NeedsNoPlace) {
  const Error error{{.expected = "1", .received = "2"}};
  EXPECT_STREQ(error.what(), "expected 1, received 2.");
}

TEST(Error, AddsNoSecondFullStop) {
  EXPECT_STREQ(Error({.received = "Nothing there."}).what(), "Nothing there.");
  EXPECT_STREQ(Error({.received = "Is it there?"}).what(), "Is it there?");
}

TEST(Error, KeepsItsParts) {
  const Error error{{.where = "w", .expected = "e", .received = "r", .hint = "h"}};
  EXPECT_EQ(error.parts().where, "w");
  EXPECT_EQ(error.parts().expected, "e");
  EXPECT_EQ(error.parts().received, "r");
  EXPECT_EQ(error.parts().hint, "h");
}

TEST(Error, SeenFromOutsideBeginsWithTheOuterPlace) {
  const Error inner{{.where = "shape", .expected = "1", .received = "2"}};
  EXPECT_STREQ(inner.inside("x.npy").what(), "x.npy: shape: expected 1, received 2.");
}

TEST(Error, IsAboutTheInputUnlessItSaysOtherwise) {
  EXPECT_EQ(Error({.received = "broken"}).kind(), Error::input);
  EXPECT_EQ(Error({.kind = Error::unsupported, .received = "broken"}).kind(), Error::unsupported);
}

TEST(Error, KeepsItsKindSeenFromOutside) {
  EXPECT_EQ(Error({.kind = Error::environment, .received = "full"}).inside("x.npy").kind(), Error::environment);
}

TEST(KindOfFailure, IsInputWhereTheNameIsToBlame) {
  for (const int error : {ENOENT, ENOTDIR, EISDIR, ENAMETOOLONG, ELOOP})
    EXPECT_EQ(kind_of_failure(error), Error::input);
}

TEST(KindOfFailure, IsEnvironmentForRoomPermissionDevicesAndLimits) {
  for (const int error : {ENOSPC, EDQUOT, EFBIG, EACCES, EPERM, EROFS, EIO, EMFILE, ENFILE, ENOMEM, EAGAIN})
    EXPECT_EQ(kind_of_failure(error), Error::environment) << error;
}

TEST(KindOfFailure, TakesTheStandardLibrarysErrorsAsWell) {
  EXPECT_EQ(kind_of_failure(std::make_error_code(std::errc::no_such_file_or_directory)), Error::input);
  EXPECT_EQ(kind_of_failure(std::make_error_code(std::errc::no_space_on_device)), Error::environment);
  EXPECT_EQ(kind_of_failure(std::make_error_code(std::io_errc::stream)), Error::environment);
}

TEST(AsError, LeavesAnErrorAsItIs) {
  const Error error{{.kind = Error::unsupported, .where = "w", .received = "r"}};
  EXPECT_EQ(as_error(error).kind(), Error::unsupported);
  EXPECT_STREQ(as_error(error).what(), "w: r.");
}

TEST(AsError, MakesNoMemoryASentence) {
  const Error error = as_error(std::bad_alloc());
  EXPECT_EQ(error.kind(), Error::environment);
  EXPECT_STREQ(error.what(),
               "memory: the system has not enough of it. A smaller batch size or a smaller data set needs less.");
}

TEST(AsError, NamesThePathOfAFileSystemError) {
  const std::filesystem::filesystem_error failure("x", "/a/b", std::make_error_code(std::errc::permission_denied));
  EXPECT_EQ(as_error(failure).kind(), Error::environment);
  EXPECT_STREQ(as_error(failure).what(), "/a/b: Permission denied.");
}

TEST(AsError, TakesWhatTheSystemRefusesByItsCode) {
  const std::system_error failure(EAGAIN, std::generic_category(), "a thread");
  EXPECT_EQ(as_error(failure).kind(), Error::environment);
}

TEST(AsError, HoldsAnythingElseForAFaultOfOurs) {
  EXPECT_EQ(as_error(std::logic_error("a loss without kernels")).kind(), Error::internal);
  EXPECT_STREQ(as_error(std::logic_error("a loss without kernels")).what(), "a loss without kernels.");
}

TEST(Error, WithoutAPlaceTakesTheOuterOneAlone) {
  EXPECT_STREQ(Error({.received = "broken"}).inside("x.npy").what(), "x.npy: broken.");
}

}  // namespace
}  // namespace evenkeel
