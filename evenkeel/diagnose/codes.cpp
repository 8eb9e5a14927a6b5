#include "evenkeel/diagnose/codes.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

// One pass over all data with statistics of this one batch in every layer, and dropout off.
constexpr std::string_view kReestimateKeras =
    "for layer in model.layers:\n"
    "    if isinstance(layer, keras.layers.BatchNormalization): layer.momentum = 0.0\n"
    "    if isinstance(layer, keras.layers.Dropout): layer.rate = 0.0\n"
    "model(x_all, training=True)";
constexpr std::string_view kReestimatePytorch =
    "for m in model.modules():\n"
    "    if isinstance(m, torch.nn.Dropout): m.p = 0.0\n"
    "torch.optim.swa_utils.update_bn(loader, model)";

using enum OfStatistics;

constexpr std::array kCodes = {
    CodeInfo{"never-updated", "Moving statistics were never updated", "re-estimate",
             "Estimate the statistics from data. Then find out why nothing updated them.", kReestimateKeras,
             kReestimatePytorch, by_themselves},
    CodeInfo{"lagging", "Too few updates for this momentum", "re-estimate",
             "Estimate the statistics from data, or train longer. A smaller momentum adapts sooner.",
             "BatchNormalization(momentum=0.9)", "nn.BatchNorm2d(c, momentum=0.1)", against_data},
    CodeInfo{"momentum-inverted", "The momentum's convention is inverted", "invert-momentum",
             "Set momentum to one minus its value. Then estimate the statistics from data.",
             "BatchNormalization(momentum=0.9)  # weight of the old value",
             "nn.BatchNorm2d(c, momentum=0.1)  # weight of the new value", by_themselves},
    CodeInfo{"variance-shift", "Dropout before a normalization", "re-estimate",
             "Estimate the statistics with dropout off. Better: put dropout after the last normalization.",
             kReestimateKeras, kReestimatePytorch, against_data},
    CodeInfo{"stale-statistics", "Moving statistics do not fit the data", "re-estimate",
             "Estimate the statistics from the data that the network is used on.", kReestimateKeras, kReestimatePytorch,
             against_data},
    CodeInfo{"not-finite", "Weights with NaN or infinite values", "remove-channels",
             "Go back to an earlier checkpoint, or remove the channels.",
             "callbacks=[keras.callbacks.TerminateOnNaN()]", "torch.autograd.set_detect_anomaly(True)"},
    CodeInfo{"bad-variance", "A moving variance of zero or below", "re-estimate", "Estimate the statistics from data.",
             kReestimateKeras, kReestimatePytorch},
    CodeInfo{"extreme-gamma", "A scale that is extremely large or small", "",
             "Look at the learning rate and at weight decay of gamma; train on from an earlier checkpoint.",
             "bn.gamma.assign(keras.ops.clip(bn.gamma, -10, 10))", "bn.weight.data.clamp_(-10, 10)"},
    CodeInfo{
        "input-mismatch", "The data are not prepared as in training", "",
        "Prepare the data as in training, best in the model itself: make a Rescaling its first layer. Do not estimate "
        "statistics from data that do not match.",
        "model = keras.Sequential([keras.layers.Rescaling(1 / 255), model])",
        "transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])  # the same in both"},
    CodeInfo{"weight-layout", "The weights are laid out for another program", "",
             "Rearrange the tensors once, when they are converted; the finding has the line. Then compare the outputs "
             "with --expect.",
             "layer.set_weights([rearranged, bias])  # as the finding says",
             "layer.weight.data = torch.from_numpy(rearranged)  # as the finding says"},
    CodeInfo{"unusual-samples", "Samples of another size than the others", "",
             "Prepare these samples as the others, or leave them out. Then estimate the statistics again, or train "
             "again.",
             "keep = np.abs(x).max(axis=(1, 2, 3)) <= 10 * np.median(np.abs(x).max(axis=(1, 2, 3)))",
             "keep = x.abs().amax((1, 2, 3)) <= 10 * x.abs().amax((1, 2, 3)).median()"},
    CodeInfo{
        "class-order", "The classes are in another order", "",
        "Read the classes in the order of training. Name them explicitly; do not rely on how folders or files sort.",
        "image_dataset_from_directory(path, class_names=names_of_training)",
        "labels = torch.tensor(output_of_label)[labels]"},
    CodeInfo{"double-softmax", "A softmax of a softmax", "",
             "Remove one of the two, and train on: the network was trained on scores that cannot come near 1.",
             "model.add(Dense(10))  # no activation\n"
             "model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))",
             "nn.CrossEntropyLoss()(logits, labels)  # no softmax in the model"},
    CodeInfo{"activation-before-loss", "An activation between the last linear layer and the loss", "",
             "Take the activation away, and train on: the loss takes logits of any sign.",
             "model.add(Dense(10))  # no activation\n"
             "model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))",
             "nn.CrossEntropyLoss()(self.fc(x), labels)  # no F.relu around it"},
    CodeInfo{"single-output-softmax", "A softmax over one value", "",
             "Use a sigmoid and binary_crossentropy for one output, or two outputs. Then train again.",
             "Dense(1, activation='sigmoid')  # with loss='binary_crossentropy'",
             "nn.BCEWithLogitsLoss()(logits.squeeze(1), labels.float())", OfStatistics::no, true},
    CodeInfo{"last-dropout", "Dropout of the outputs", "",
             "Put the dropout before the last linear layer, and train again.", "Dropout(0.5), Dense(10)",
             "nn.Dropout(0.5), nn.Linear(n, 10)"},
    CodeInfo{
        "normalization-of-one-value", "A normalization over a single value", "",
        "Normalize over more values: larger batches, no last batch of one sample, another kind of normalization, or "
        "none there. Then train again.",
        "dataset.batch(32, drop_remainder=True)  # no last batch of one sample",
        "DataLoader(data, batch_size=32, shuffle=True, drop_last=True)", OfStatistics::no, true},
    CodeInfo{"nothing-to-normalize", "A normalization that has nothing to normalize", "", "Take it away.",
             "Conv2D(n, 3, use_bias=False), BatchNormalization(), ReLU()  # one for each layer",
             "nn.Conv2d(i, n, 3, bias=False), nn.BatchNorm2d(n), nn.ReLU()  # one for each layer"},
    CodeInfo{
        "swapped-vectors", "Vectors of a normalization in the wrong places", "",
        "Put gamma, beta, mean and variance where they belong, and store the variance itself. Look at what converted "
        "the weights. Where only the statistics are concerned, re-estimating them helps as well.",
        "bn.set_weights([gamma, beta, moving_mean, moving_variance])  # in this order",
        "bn.load_state_dict(dict(weight=gamma, bias=beta, running_mean=mean, running_var=variance,\n"
        "                        num_batches_tracked=torch.tensor(0)))"},
    CodeInfo{"averaged-too-briefly", "Averages that still have the first weights", "",
             "Train longer, use a smaller ema_momentum, or use the weights themselves.",
             "Adam(use_ema=True, ema_momentum=0.99)",
             "AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99))"},
    CodeInfo{"unshuffled", "Sorted data that were not shuffled", "",
             "Shuffle the training data in each epoch, and train again.", "model.fit(x, y, shuffle=True)",
             "DataLoader(data, batch_size=32, shuffle=True)"},
    CodeInfo{"averaged-weights", "Averaged weights with the statistics of other weights", "re-estimate",
             "Estimate the statistics with the averaged weights.", kReestimateKeras,
             "torch.optim.swa_utils.update_bn(loader, swa_model)"},
    CodeInfo{"frozen-statistics", "A frozen normalization with statistics of other data", "re-estimate",
             "Estimate the statistics from the data that the network is used on, or let the layer update them.",
             "base.trainable = True  # and keep base(x, training=False) only for statistics that fit",
             "bn.train()  # eval() freezes statistics; requires_grad_(False) freezes gamma and beta", against_data},
    CodeInfo{"wrong-axis", "A normalization along another axis than its statistics", "",
             "Set the axis along which the statistics were computed.", "BatchNormalization(axis=1)",
             "x.permute(0, 3, 1, 2)  # BatchNorm2d always normalizes axis 1", against_data},
    CodeInfo{"small-batch", "Batches too small for batch normalization", "group-normalization",
             "Train with larger batches, or with a normalization that does not look at the batch.",
             "GroupNormalization(groups=8)  # or a larger batch_size in fit()",
             "nn.GroupNorm(8, c)  # or nn.SyncBatchNorm over several devices"},
    CodeInfo{"batch-dependence", "Scores in training mode depend on the batch", "",
             "Evaluate and predict in evaluation mode.", "model(x, training=False)", "model.eval()"},
    CodeInfo{"evaluation-by-batch", "Evaluation uses the statistics of the batch", "group-normalization",
             "Keep moving statistics and train on, or use a normalization that does not look at the batch. Until then "
             "evaluate in large batches of mixed samples.",
             "BatchNormalization()  # Keras always keeps moving statistics; or GroupNormalization(groups=8)",
             "nn.BatchNorm2d(c, track_running_stats=True)  # or nn.GroupNorm(8, c)"},
    CodeInfo{
        "dead-channels", "Channels that are never active", "",
        "Lower the learning rate, or use an activation with a slope below zero, and train on. Or remove the channels.",
        "Activation('leaky_relu')  # or a smaller learning_rate", "nn.LeakyReLU(0.2)  # or a smaller lr"},
    CodeInfo{"constant-output", "A channel or the output never changes", "",
             "Look for kernels and gammas of zero, and for what cuts off the input. Load or train that layer again.",
             "[(w.name, abs(w.numpy()).max()) for w in model.weights]",
             "{n: p.abs().max() for n, p in model.named_parameters()}"},
    CodeInfo{"saturation", "Units stuck at the ends of sigmoid or tanh", "",
             "Put a normalization before the activation, or make weights and learning rate smaller. Then train on.",
             "Dense(n), BatchNormalization(), Activation('tanh')", "nn.Linear(i, n), nn.BatchNorm1d(n), nn.Tanh()"},
    CodeInfo{"vanishing-gradient", "Gradients fade with depth", "",
             "Put normalizations between the layers, use he_normal with relu, or add residual branches.",
             "Conv2D(n, 3, use_bias=False, kernel_initializer='he_normal'), BatchNormalization(), ReLU()",
             "nn.Conv2d(i, n, 3, bias=False), nn.BatchNorm2d(n), nn.ReLU()"},
    CodeInfo{"exploding-gradient", "Activations or gradients grow with depth", "",
             "Put normalizations between the layers, use smaller initial weights, clip gradients, or lower the "
             "learning rate.",
             "Adam(learning_rate=1e-4, global_clipnorm=1.0)",
             "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)"},
    CodeInfo{"not-loaded", "Layers that were never loaded", "",
             "Compare the names in the weights file with the model's, and load strictly.",
             "model.load_weights(path)  # without skip_mismatch=True", "model.load_state_dict(state, strict=True)"},
    CodeInfo{"near-guessing", "No better than guessing", "",
             "Look at training first: does its loss fall on a few samples? Check labels, loss, learning rate and how "
             "long it was trained. No repair of statistics helps a network that guesses in training mode as well.",
             "model.fit(x[:100], y[:100], epochs=100)  # must come near a loss of 0",
             "for _ in range(100): step(x[:100], y[:100])  # must come near a loss of 0"},
    CodeInfo{"lost-classes", "Classes that are never right", "",
             "Look for what keeps the class from being answered: an activation before the loss, a dead output, class "
             "weights, wrong labels, too few samples of it.",
             "model.fit(x, y, class_weight={4: 5.0})", "nn.CrossEntropyLoss(weight=torch.tensor(weights))"},
    CodeInfo{"missing-classes", "Classes that one set has no samples of", "",
             "Split the data again: shuffled, or by class. Data that are sorted by class must not be cut by a range.",
             "train_test_split(x, y, stratify=y)", "torch.utils.data.random_split(data, [0.8, 0.2])"},
    CodeInfo{"record-differs", "The weights do not reach the figures of the record", "",
             "Check that these are the weights that the run ended with, loaded whole, and that the data are read as "
             "they were then.",
             "model.load_weights('runs/a/best.weights.h5')  # without skip_mismatch=True",
             "model.load_state_dict(torch.load(path), strict=True)"},
    CodeInfo{
        "overfitting", "Possibly overfitting", "",
        "Stop at the best validation loss. What helps: more data, augmentation, dropout after the last normalization, "
        "weight decay.",
        "callbacks=[keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)]",
        "optimizer = torch.optim.AdamW(params, weight_decay=1e-2)"},
    CodeInfo{"redundant-bias", "A bias right before a normalization", "drop-bias",
             "Remove it: the normalization has a shift of its own.", "Conv2D(n, 3, use_bias=False)",
             "nn.Conv2d(i, n, 3, bias=False)"},
    CodeInfo{"decayed-normalization", "Weight decay of gamma and beta", "",
             "Exclude gamma, beta and biases from weight decay.",
             "optimizer.exclude_from_weight_decay(var_names=['gamma', 'beta', 'bias'])",
             "AdamW([{'params': kernels}, {'params': others, 'weight_decay': 0}])"},
    CodeInfo{"folding-hazard", "Folding or quantizing would change outputs", "",
             "Export with this epsilon. Quantize with a range per channel.",
             "BatchNormalization(epsilon=1e-3)  # Keras's default; PyTorch's is 1e-5",
             "nn.BatchNorm2d(c, eps=1e-3)  # as the weights were trained"},
};

}  // namespace

std::span<const CodeInfo> all_codes() { return kCodes; }

const CodeInfo& code_info(std::string_view code) {
  const auto found = std::ranges::find(kCodes, code, &CodeInfo::code);
  if (found != kCodes.end()) return *found;
  std::vector<std::string> known;
  for (const CodeInfo& info : kCodes) known.emplace_back(info.code);
  const std::string near = nearest(code, known);
  throw Error{{.where = "finding",
               .expected = "one of " + join(known),
               .received = '"' + std::string(code) + '"',
               .hint = near.empty() ? "" : "Did you mean \"" + near + "\"?"}};
}

std::string documentation_of(std::string_view code) { return "docs/doctor/" + std::string(code) + ".md"; }

}  // namespace evenkeel
