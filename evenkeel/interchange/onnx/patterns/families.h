#pragma once

#include "evenkeel/interchange/onnx/patterns/region.h"

// The families of patterns. Each replaces what it finds, and leaves everything else as it is. Inner values that are
// read elsewhere, or are outputs of the graph, are never replaced.

namespace evenkeel::interchange::onnx {

/// Functions of each element, however they are written: swish, gelu, mish, ...; Clip as Min and Max.
void recognise_activations(Rewriting&);
/// exp(x) / sum(exp(x)), and its logarithm.
void recognise_softmax(Rewriting&);
/// Layer, group, instance and RMS normalizations from their parts.
void recognise_normalizations(Rewriting&);
/// Group normalizations as PyTorch's older exporter writes them: reshape, InstanceNormalization, reshape.
void recognise_group_normalizations(Rewriting&);
/// Batch normalizations in evaluation, as arithmetic on four vectors.
void recognise_batch_normalizations(Rewriting&);
/// Channel shuffles, and enlarging by repetition, as reshapes and transpositions.
void recognise_rearrangements(Rewriting&);
/// Means over all positions, in the ways that have another operator's name.
void recognise_means(Rewriting&);
/// Noise whose random numbers the file draws itself: stochastic depth, dropout of channels.
void recognise_noise(Rewriting&);
/// Squeeze-and-excitation: is only noted, for our layers say it as the file does.
void note_squeeze_and_excitation(Rewriting&);

}  // namespace evenkeel::interchange::onnx
