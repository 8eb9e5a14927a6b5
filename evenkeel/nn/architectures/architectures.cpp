#include "evenkeel/nn/architectures/architectures.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/config/fields.h"
#include "evenkeel/nn/architectures/families.h"

namespace evenkeel {
namespace {

using namespace architectures;

constexpr const char *kTorchvision = "torchvision", *kKeras = "Keras";
const Shape kCifar{32, 32, 3};

std::vector<Architecture> known_architectures() {
  return {
      {"vgg11_bn", kTorchvision,
       [](const Request& r) {
         return vgg_bn(r, {1, 1, 2, 2, 2});
       }},
      {"vgg13_bn", kTorchvision,
       [](const Request& r) {
         return vgg_bn(r, {2, 2, 2, 2, 2});
       }},
      {"vgg16_bn", kTorchvision,
       [](const Request& r) {
         return vgg_bn(r, {2, 2, 3, 3, 3});
       }},
      {"vgg19_bn", kTorchvision,
       [](const Request& r) {
         return vgg_bn(r, {2, 2, 4, 4, 4});
       }},
      {"resnet18", kTorchvision,
       [](const Request& r) {
         return resnet(r, {2, 2, 2, 2});
       }},
      {"resnet34", kTorchvision,
       [](const Request& r) {
         return resnet(r, {3, 4, 6, 3});
       }},
      {"resnet50", kTorchvision,
       [](const Request& r) {
         return resnet_of_bottlenecks(r, {3, 4, 6, 3});
       }},
      {"resnet101", kTorchvision,
       [](const Request& r) {
         return resnet_of_bottlenecks(r, {3, 4, 23, 3});
       }},
      {"resnet152", kTorchvision,
       [](const Request& r) {
         return resnet_of_bottlenecks(r, {3, 8, 36, 3});
       }},
      {"resnext50_32x4d", kTorchvision,
       [](const Request& r) {
         return resnet_of_bottlenecks(r, {3, 4, 6, 3}, {.width = 4, .groups = 32});
       }},
      {"wide_resnet50_2", kTorchvision,
       [](const Request& r) {
         return resnet_of_bottlenecks(r, {3, 4, 6, 3}, {.width = 128});
       }},
      {"resnet50_v2", kKeras,
       [](const Request& r) {
         return resnet_v2(r, {3, 4, 6, 3});
       }},
      {"resnet101_v2", kKeras,
       [](const Request& r) {
         return resnet_v2(r, {3, 4, 23, 3});
       }},
      {"resnet20", "He et al. 2015", [](const Request& r) { return resnet_cifar(r, 3); }, kCifar, 10, 4},
      {"resnet56", "He et al. 2015", [](const Request& r) { return resnet_cifar(r, 9); }, kCifar, 10, 4},
      {"wide_resnet28_10", "Zagoruyko 2016", [](const Request& r) { return wide_resnet(r, 4, 10); }, kCifar, 10, 4},
      {"densenet121", kTorchvision,
       [](const Request& r) {
         return densenet(r, {{6, 12, 24, 16}});
       }},
      {"densenet161", kTorchvision,
       [](const Request& r) {
         return densenet(r, {{6, 12, 36, 24}, 48, 96});
       }},
      {"densenet169", kTorchvision,
       [](const Request& r) {
         return densenet(r, {{6, 12, 32, 32}});
       }},
      {"densenet201", kTorchvision,
       [](const Request& r) {
         return densenet(r, {{6, 12, 48, 32}});
       }},
      {.name = "squeezenet1_0", .source = kTorchvision, .make = squeezenet1_0, .recipe = Recipe::adamw},
      {.name = "squeezenet1_1", .source = kTorchvision, .make = squeezenet1_1, .recipe = Recipe::adamw},
      {"googlenet", kTorchvision, googlenet},
      {"inception_v3", kTorchvision, inception_v3, {299, 299, 3}, 1000, 75},
      {"shufflenet_v2_x0_5", kTorchvision,
       [](const Request& r) {
         return shufflenet_v2(r, {48, 96, 192, 1024});
       }},
      {"shufflenet_v2_x1_0", kTorchvision,
       [](const Request& r) {
         return shufflenet_v2(r, {116, 232, 464, 1024});
       }},
      {"shufflenet_v2_x1_5", kTorchvision,
       [](const Request& r) {
         return shufflenet_v2(r, {176, 352, 704, 1024});
       }},
      {"shufflenet_v2_x2_0", kTorchvision,
       [](const Request& r) {
         return shufflenet_v2(r, {244, 488, 976, 2048});
       }},
      {"mobilenet_v1", kKeras, mobilenet_v1},
      {"mobilenet_v2", kTorchvision, mobilenet_v2},
      {"mobilenet_v3_small", kTorchvision, mobilenet_v3_small},
      {"mobilenet_v3_large", kTorchvision, mobilenet_v3_large},
      {"efficientnet_b0", kTorchvision,
       [](const Request& r) {
         return efficientnet(r, {1, 1, 0.2});
       }},
      {"efficientnet_b1",
       kTorchvision,
       [](const Request& r) {
         return efficientnet(r, {1, 1.1, 0.2});
       },
       {240, 240, 3}},
      {"efficientnet_b2",
       kTorchvision,
       [](const Request& r) {
         return efficientnet(r, {1.1, 1.2, 0.3});
       },
       {288, 288, 3}},
      {"efficientnet_b3",
       kTorchvision,
       [](const Request& r) {
         return efficientnet(r, {1.2, 1.4, 0.3});
       },
       {300, 300, 3}},
      {"regnet_x_400mf", kTorchvision,
       [](const Request& r) {
         return regnet(r, {22, 24, 24.48, 2.54, 16});
       }},
      {"regnet_x_800mf", kTorchvision,
       [](const Request& r) {
         return regnet(r, {16, 56, 35.73, 2.28, 16});
       }},
      {"regnet_x_1_6gf", kTorchvision,
       [](const Request& r) {
         return regnet(r, {18, 80, 34.01, 2.25, 24});
       }},
      {"regnet_x_3_2gf", kTorchvision,
       [](const Request& r) {
         return regnet(r, {25, 88, 26.31, 2.25, 48});
       }},
      {"regnet_y_400mf", kTorchvision,
       [](const Request& r) {
         return regnet(r, {16, 48, 27.89, 2.09, 8, 0.25});
       }},
      {"regnet_y_800mf", kTorchvision,
       [](const Request& r) {
         return regnet(r, {14, 56, 38.84, 2.4, 16, 0.25});
       }},
      {"regnet_y_1_6gf", kTorchvision,
       [](const Request& r) {
         return regnet(r, {27, 48, 20.71, 2.65, 24, 0.25});
       }},
      {"regnet_y_3_2gf", kTorchvision,
       [](const Request& r) {
         return regnet(r, {21, 80, 42.63, 2.66, 24, 0.25});
       }},
      {"mnasnet0_5", kTorchvision, [](const Request& r) { return mnasnet(r, 0.5); }},
      {"mnasnet0_75", kTorchvision, [](const Request& r) { return mnasnet(r, 0.75); }},
      {"mnasnet1_0", kTorchvision, [](const Request& r) { return mnasnet(r, 1.0); }},
      {"mnasnet1_3", kTorchvision, [](const Request& r) { return mnasnet(r, 1.3); }},
      {.name = "convnext_tiny",
       .source = kTorchvision,
       .make =
           [](const Request& r) {
             return convnext(r, {{3, 3, 9, 3}, 96, 0.1});
           },
       .recipe = Recipe::adamw},
      {.name = "convnext_small",
       .source = kTorchvision,
       .make =
           [](const Request& r) {
             return convnext(r, {{3, 3, 27, 3}, 96, 0.4});
           },
       .recipe = Recipe::adamw},
      {.name = "convnext_base",
       .source = kTorchvision,
       .make =
           [](const Request& r) {
             return convnext(r, {{3, 3, 27, 3}, 128, 0.5});
           },
       .recipe = Recipe::adamw},
      {"unet",
       "Buda et al. 2019",
       [](const Request& r) { return unet(r, 32); },
       {256, 256, 3},
       1,
       16,
       16,
       Recipe::pixels},
  };
}

Settings training_of(Recipe recipe, std::int64_t classes) {
  if (recipe == Recipe::pixels)  // a loss for each of them
    return {{.key = "loss", .value = std::string(classes == 1 ? "binary_crossentropy" : "categorical_crossentropy")},
            {.key = "optimizer", .value = std::string("adam")},
            {.key = "learning_rate", .value = 1e-4},
            {.key = "batch_size", .value = std::int64_t{16}}};
  const bool sgd = recipe == Recipe::sgd;
  Settings settings = {{.key = "loss", .value = std::string("sparse_categorical_crossentropy")},
                       {.key = "optimizer", .value = std::string(sgd ? "sgd" : "adamw")},
                       {.key = "learning_rate", .value = sgd ? 0.0125 : 3e-4}};
  if (sgd) settings.set({.key = "momentum", .value = 0.9});
  settings.set({.key = "weight_decay", .value = sgd ? 1e-4 : 0.05});
  settings.set({.key = "batch_size", .value = std::int64_t{32}});
  return settings;
}

void check_request(const Architecture& a, const Request& request) {
  const auto sizes = request.input.sizes();
  if (sizes.size() != 3)
    throw Error{
        {.where = a.name, .expected = "images: [height, width, channels]", .received = to_string(request.input)}};
  const std::int64_t side = std::min(sizes[0], sizes[1]);
  if (side < a.smallest)
    throw Error{{.where = a.name,
                 .expected = fmt::format("images of at least {0}x{0} pixels", a.smallest),
                 .received = fmt::format("{}x{}", sizes[0], sizes[1]),
                 .hint = "For small images there are resnet20 and wide_resnet28_10."}};
  if (sizes[0] % a.multiple != 0 || sizes[1] % a.multiple != 0)
    throw Error{{.where = a.name,
                 .expected = fmt::format("a height and a width that {} divides", a.multiple),
                 .received = fmt::format("{}x{}", sizes[0], sizes[1])}};
  if (request.classes < 1)
    throw Error{{.where = a.name, .expected = "at least one class", .received = std::to_string(request.classes)}};
}

}  // namespace

const std::vector<Architecture>& all_architectures() {
  static const std::vector<Architecture> all = known_architectures();
  return all;
}

const Architecture& architecture_named(std::string_view name) {
  std::vector<std::string> known;
  for (const Architecture& architecture : all_architectures()) {
    if (architecture.name == name) return architecture;
    known.push_back(architecture.name);
  }
  throw unknown_name("evenkeel model", "architecture", name, known);
}

ModelFile make_architecture(std::string_view name, const ArchitectureOptions& options) {
  const Architecture& a = architecture_named(name);
  const Request request{
      .name = a.name, .input = options.input.value_or(a.input), .classes = options.classes.value_or(a.classes)};
  check_request(a, request);
  return {.model = a.make(request), .training = training_of(a.recipe, request.classes)};
}

}  // namespace evenkeel
