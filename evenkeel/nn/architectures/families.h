#pragma once

#include <array>
#include <cstdint>

#include "evenkeel/nn/architectures/architectures.h"

// The generators, a file for each family. What differs between a family's networks is what they take.

namespace evenkeel::architectures {

/// Simonyan and Zisserman 2014, with batch normalization: the convolutions of each of five stages.
Model vgg_bn(const Request&, const std::array<int, 5>& stages);

/// He et al. 2015: blocks of each of four stages.
using Stages = std::array<int, 4>;
Model resnet(const Request&, const Stages&);  ///< of two 3x3 convolutions
/// Of three, 1x1, 3x3 and 1x1. `width` is that of the 3x3's in the first stage, for each group.
struct Bottleneck {
  std::int64_t width = 64, groups = 1;
};
Model resnet_of_bottlenecks(const Request&, const Stages&, const Bottleneck& = {});
Model resnet_v2(const Request&, const Stages&);  ///< He et al. 2016: normalization and relu come first; Keras's
Model resnet_cifar(const Request&, int blocks);  ///< three stages of so many blocks, for small images
Model wide_resnet(const Request&, int blocks, int factor);  ///< Zagoruyko and Komodakis 2016

/// Huang et al. 2017: layers of each dense block.
struct DenseBlocks {
  std::array<int, 4> layers;
  std::int64_t growth = 32, first = 64;
};
Model densenet(const Request&, const DenseBlocks&);

Model squeezenet1_0(const Request&);  ///< Iandola et al. 2016
Model squeezenet1_1(const Request&);
Model googlenet(const Request&);     ///< Szegedy et al. 2014, with batch normalization, without auxiliary heads
Model inception_v3(const Request&);  ///< Szegedy et al. 2015, without the auxiliary head

/// Ma et al. 2018: channels of three stages and of the last convolution.
Model shufflenet_v2(const Request&, const std::array<int, 4>& channels);

Model mobilenet_v1(const Request&);        ///< Howard et al. 2017; Keras's
Model mobilenet_v2(const Request&);        ///< Sandler et al. 2018
Model mobilenet_v3_small(const Request&);  ///< Howard et al. 2019
Model mobilenet_v3_large(const Request&);

/// Tan and Le 2019: factors of channels and of blocks, and the rate of the last dropout.
struct Scaling {
  double width = 1, depth = 1, dropout = 0.2;
};
Model efficientnet(const Request&, const Scaling&);

/// Radosavovic et al. 2020: how widths grow over the blocks, and squeeze-and-excitation's ratio (0: none).
struct Widths {
  int depth;
  double first, slope, step;
  std::int64_t group;
  double squeeze = 0;
};
Model regnet(const Request&, const Widths&);

Model mnasnet(const Request&, double width);  ///< Tan et al. 2018, B1

/// Liu et al. 2022: blocks and channels of four stages, and the drop rate of the last block.
struct Depths {
  std::array<int, 4> blocks;
  std::int64_t channels;
  double drop_rate;
};
Model convnext(const Request&, const Depths&);

/// Ronneberger, Fischer, Brox 2015, with padding and batch normalization, and `first` channels. Layers as in PyTorch
/// Hub's mateuszbuda/brain-segmentation-pytorch (Buda et al. 2019). Output [H, W, classes].
Model unet(const Request&, std::int64_t first);

}  // namespace evenkeel::architectures
