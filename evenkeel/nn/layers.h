#pragma once

// All layers.

#include "evenkeel/nn/layers/affine.h"
#include "evenkeel/nn/layers/convolution.h"
#include "evenkeel/nn/layers/core.h"
#include "evenkeel/nn/layers/depthwise.h"
#include "evenkeel/nn/layers/dropout.h"
#include "evenkeel/nn/layers/group_normalization.h"
#include "evenkeel/nn/layers/merge.h"
#include "evenkeel/nn/layers/normalization.h"
#include "evenkeel/nn/layers/pooling.h"
#include "evenkeel/nn/layers/preprocessing.h"
#include "evenkeel/nn/layers/reshaping.h"
#include "evenkeel/nn/layers/resizing.h"
#include "evenkeel/nn/layers/slicing.h"
