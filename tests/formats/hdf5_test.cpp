#include "evenkeel/formats/hdf5.h"

#include <csignal>
#include <cstdlib>

#include "evenkeel/formats/isolated.h"
#include "tests/formats/testing.h"

namespace evenkeel::formats {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Bytes hdf5_fixture(const std::string& name) { return read_file(fixture("hdf5/" + name + ".h5")); }

std::string refusal_of(const std::string& name) {
  return error_of([&] { decode_hdf5(hdf5_fixture(name), "x.h5"); });
}

class Hdf5 : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_hdf5()) GTEST_SKIP() << "built without HDF5";
  }
};

TEST(WithoutHdf5, SaysSo) {
  if (has_hdf5()) GTEST_SKIP() << "built with HDF5";
  EXPECT_THAT(refusal_of("usual"), HasSubstr("built without HDF5"));
}

TEST_F(Hdf5, ReadsTextsOfEveryForm) {
  const Hdf5File file = decode_hdf5(hdf5_fixture("usual"), "x.h5");
  const Hdf5Object* root = file.find("");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->text("text"), "héllo");
  EXPECT_EQ(root->text("fixed"), "abc");
  EXPECT_EQ(root->text("number"), std::nullopt);
  EXPECT_EQ(root->text("list"), std::nullopt);
  EXPECT_THAT(root->texts("list").value(), ElementsAre("a", "bcd"));
  EXPECT_THAT(root->texts("part").value(), ElementsAre("x", "y", "z"));
  EXPECT_THAT(root->texts("none").value(), ElementsAre());
  EXPECT_EQ(root->texts("other"), std::nullopt);
}

TEST_F(Hdf5, ReadsNumbersInOnePieceAndCompressed) {
  const Bytes bytes = hdf5_fixture("usual");
  const Hdf5File file = decode_hdf5(bytes, "x.h5");
  const std::vector<float> expected = {0, 1, 2, 3, 4, 5};
  for (const char* name : {"group/numbers", "group/half", "group/compressed"}) {
    const Hdf5Object* object = file.find(name);
    ASSERT_TRUE(object) << name;
    const Tensor tensor = tensor_of(*object, bytes, "x.h5");
    EXPECT_EQ(tensor.shape(), (Shape{2, 3})) << name;
    EXPECT_EQ(values<float>(tensor), expected) << name;
  }
  EXPECT_EQ(values<std::int64_t>(tensor_of(*file.find("group/step"), bytes, "x.h5")), std::vector<std::int64_t>{7});
  EXPECT_THAT(file.names_in("group"), ElementsAre("big_endian", "compressed", "half", "numbers", "step"));
}

TEST_F(Hdf5, RefusesNumbersOfAnotherByteOrderWhenTheyAreRead) {
  const Bytes bytes = hdf5_fixture("usual");
  const Hdf5File file = decode_hdf5(bytes, "x.h5");
  EXPECT_THAT(error_of([&] { tensor_of(*file.find("group/big_endian"), bytes, "x.h5"); }),
              AllOf(HasSubstr("group/big_endian"), HasSubstr("least significant byte first")));
}

TEST_F(Hdf5, RefusesWhatKerasDoesNotWrite) {
  EXPECT_THAT(refusal_of("soft_link"), AllOf(HasSubstr("\"again\""), HasSubstr("a soft link")));
  EXPECT_THAT(refusal_of("external_link"), AllOf(HasSubstr("\"elsewhere\""), HasSubstr("a link to another file")));
  EXPECT_THAT(refusal_of("two_names"), HasSubstr("an object with two names"));
  EXPECT_THAT(refusal_of("external_numbers"), HasSubstr("numbers in another file"));
  EXPECT_THAT(refusal_of("other_filter"), HasSubstr("a filter other than deflate and shuffle"));
  EXPECT_THAT(refusal_of("virtual"), HasSubstr("numbers that are in other datasets"));
}

TEST_F(Hdf5, AllocatesNothingForNumbersThatTheFileDoesNotHave) {
  EXPECT_THAT(refusal_of("huge"), AllOf(HasSubstr("4398046511104 bytes"), HasSubstr("received 0 bytes")));
}

TEST_F(Hdf5, RefusesATruncatedFileAtEveryLength) {
  const Bytes bytes = hdf5_fixture("usual");
  for (std::size_t size = 0; size < bytes.size(); size += 97)
    EXPECT_NE(error_of([&] { decode_hdf5(BytesView(bytes).first(size), "x.h5"); }), "") << size;
}

TEST_F(Hdf5, ReadsWhatItWritesAndWritesTheSameBytesAgain) {
  const Tensor numbers = Tensor::of<float>({2, 2}, std::vector<float>{1, -0.0f, 1e-40f, 4});
  const Tensor step = Tensor::of<std::int64_t>({}, std::vector<std::int64_t>{9});
  const Tensor empty({0, 3}, DType::float32);
  const std::vector<Hdf5Entry> entries = {
      {.path = "", .tensor = {}, .attributes = {{"version", {"1"}}, {"names", {"a", "", "ccc"}, true}}},
      {.path = "a/vars", .tensor = {}, .attributes = {{"name", {"ü"}}}},
      {.path = "a/vars/0", .tensor = numbers.view()},
      {.path = "b/step", .tensor = step.view()},
      {.path = "b/empty", .tensor = empty.view()}};
  const Bytes bytes = encode_hdf5(entries, "x.h5");
  EXPECT_EQ(bytes, encode_hdf5(entries, "x.h5"));
  const Hdf5File file = decode_hdf5(bytes, "x.h5");
  EXPECT_THAT(file.find("")->texts("names").value(), ElementsAre("a", "", "ccc"));
  EXPECT_EQ(file.find("a/vars")->text("name"), "ü");
  expect_equal(tensor_of(*file.find("a/vars/0"), bytes, "x.h5"), numbers);
  expect_equal(tensor_of(*file.find("b/step"), bytes, "x.h5"), step);
  EXPECT_EQ(tensor_of(*file.find("b/empty"), bytes, "x.h5").shape(), (Shape{0, 3}));
}

TEST_F(Hdf5, ChangesOnlyTheNumbersThatAreReplaced) {
  const Bytes bytes = hdf5_fixture("usual");
  const Hdf5File file = decode_hdf5(bytes, "x.h5");
  const Tensor numbers = Tensor::of<float>({2, 3}, std::vector<float>{9, 8, 7, 6, 5, 4});
  const Hdf5Object* object = file.find("group/numbers");
  const Bytes changed = changed_hdf5(bytes, {{object, numbers}}, "x.h5");
  ASSERT_EQ(changed.size(), bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool replaced = i >= object->offset && i < object->offset + 24;
    ASSERT_TRUE(replaced || changed[i] == bytes[i]) << i;
  }
  expect_equal(tensor_of(*decode_hdf5(changed, "x.h5").find("group/numbers"), changed, "x.h5"), numbers);
  EXPECT_THAT(error_of([&] {
                changed_hdf5(bytes, {{file.find("group/compressed"), numbers}}, "x.h5");
              }),
              HasSubstr("compressed or in pieces"));
}

TEST(Isolated, SurvivesWhatEndsTheProcess) {
  const auto of = [](auto work) { return error_of([&] { isolated(work, {.seconds = 1}, "x", "a damaged file"); }); };
  EXPECT_THAT(of([]() -> Bytes { std::abort(); }), HasSubstr("x: a damaged file"));
  EXPECT_THAT(of([]() -> Bytes {
                std::raise(SIGSEGV);
                return {};
              }),
              HasSubstr("a damaged file"));
  EXPECT_THAT(of([]() -> Bytes {
                volatile bool goes_on = true;
                while (goes_on) {
                }
                return {};
              }),
              HasSubstr("a damaged file"));
  EXPECT_THAT(of([]() -> Bytes { std::_Exit(0); }), HasSubstr("a damaged file"));
  EXPECT_THAT(of([]() -> Bytes { throw Error{{.expected = "this", .received = "that"}}; }),
              HasSubstr("x: expected this, received that"));
}

TEST(Isolated, ReturnsWhatTheWorkReturnsAndChangesNothingHere) {
  int here = 1;
  const Bytes result = isolated(
      [&] {
        here = 2;
        return Bytes(1'000'000, std::byte{7});
      },
      {}, "x", "");
  EXPECT_EQ(result, Bytes(1'000'000, std::byte{7}));
  EXPECT_EQ(here, 1);
}

}  // namespace
}  // namespace evenkeel::formats
