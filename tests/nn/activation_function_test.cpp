#include "evenkeel/nn/activation_function.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace evenkeel {
namespace {

TEST(ActivationFunction, IsReadAsItIsWritten) {
  for (const std::string& name : choices_of(ActivationFunction())) {
    ActivationFunction f;
    EXPECT_TRUE(convert(name, f)) << name;
    EXPECT_EQ(name_of(f), name);
  }
  for (const std::string& text :
       std::vector<std::string>{"elu(0.5)", "leaky_relu(0.01)", "leaky_relu(0)", "clip(-1, 1)", "clip(0.5, 6)"}) {
    ActivationFunction f;
    EXPECT_TRUE(convert(text, f)) << text;
    EXPECT_EQ(name_of(f), text);
  }
}

TEST(ActivationFunction, HasOtherSpellings) {
  const auto read = [](const std::string& text) {
    ActivationFunction f;
    EXPECT_TRUE(convert(text, f)) << text;
    return f;
  };
  EXPECT_EQ(read("swish"), ActivationFunction::silu);
  EXPECT_EQ(read("elu(1)"), ActivationFunction::elu);
  EXPECT_EQ(read("leaky_relu( 0.2 )"), ActivationFunction::leaky_relu);
  EXPECT_EQ(read("clip(0,6)"), ActivationFunction::relu6);
  EXPECT_EQ(read("LeakyReLU(0.3)"), activations::leaky_relu(0.3));
}

TEST(ActivationFunction, IsNotReadFromParametersThatItDoesNotHave) {
  for (const std::string& text : std::vector<std::string>{
           "relu(1)", "gelu(0.5)", "elu()", "elu(-1)", "elu(0.5, 1)", "elu(nan)", "elu(inf)", "leaky_relu(-0.1)",
           "clip(0)", "clip(1, 1)", "clip(6, 0)", "clip(0, 6", "clip(0 6)", "(1)", "elu(0.5)x", ""}) {
    ActivationFunction f = ActivationFunction::tanh;
    EXPECT_FALSE(convert(text, f)) << text;
    EXPECT_EQ(f, ActivationFunction::tanh) << text;
  }
}

TEST(ActivationFunction, TakesAParameterInCodeWhereItHasOne) {
  using namespace activations;
  static_assert(elu(1) == elu && leaky_relu(0.2) == leaky_relu && clip(0, 6) == relu6 && swish == silu);
  EXPECT_NE(elu(0.5), elu);
  EXPECT_THROW(relu(0.5), std::logic_error);
}

}  // namespace
}  // namespace evenkeel
