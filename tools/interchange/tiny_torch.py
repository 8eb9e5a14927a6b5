"""Small networks of the families that people have, in PyTorch: each with what is peculiar to its family."""

import torch
import torch.nn.functional as F
from torch import nn


class BasicBlock(nn.Module):
    def __init__(self, inputs, filters, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = None
        if stride != 1 or inputs != filters:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """Torchvision's structure: stem, max pool, two stages, global pool, dense layer."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(6, momentum=0.05, eps=2e-5)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(BasicBlock(6, 6))
        self.layer2 = nn.Sequential(BasicBlock(6, 10, 2))
        self.fc = nn.Linear(10, 5)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class SqueezeExcitation(nn.Module):
    def __init__(self, filters, squeezed):
        super().__init__()
        self.fc1 = nn.Conv2d(filters, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, filters, 1)
        self.scale = nn.Hardsigmoid()

    def forward(self, x):
        return x * self.scale(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))


class MobileNet(nn.Module):
    """Inverted residuals with depthwise convolutions, squeeze-and-excitation, hard-swish and swish."""

    def __init__(self):
        super().__init__()
        def bn(n):
            return nn.BatchNorm2d(n, eps=1e-3, momentum=0.01)

        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), bn(8), nn.Hardswish())
        self.expand = nn.Sequential(nn.Conv2d(8, 16, 1, bias=False), bn(16), nn.Hardswish())
        self.depthwise = nn.Sequential(nn.Conv2d(16, 16, 5, 1, 2, groups=16, bias=False), bn(16), nn.SiLU())
        self.se = SqueezeExcitation(16, 4)
        self.project = nn.Sequential(nn.Conv2d(16, 8, 1, bias=False), bn(8))
        self.head = nn.Sequential(nn.Conv2d(8, 20, 1, bias=False), bn(20), nn.ReLU6())
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(20, 5))

    def forward(self, x):
        x = self.stem(x)
        x = x + self.project(self.se(self.depthwise(self.expand(x))))
        return self.classifier(self.head(x).mean([2, 3]))


class DenseNet(nn.Module):
    """Normalization before the convolution, concatenations, a transition with an average pool."""

    def __init__(self):
        super().__init__()
        self.conv0 = nn.Conv2d(3, 8, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(8 + 4 * i) for i in range(3)])
        self.convs = nn.ModuleList([nn.Conv2d(8 + 4 * i, 4, 3, 1, 1, bias=False) for i in range(3)])
        self.norm = nn.BatchNorm2d(20)
        self.transition = nn.Conv2d(20, 10, 1, bias=False)
        self.norm5 = nn.BatchNorm2d(10)
        self.classifier = nn.Linear(10, 5)

    def forward(self, x):
        features = [self.conv0(x)]
        for norm, conv in zip(self.norms, self.convs):
            features.append(conv(F.relu(norm(torch.cat(features, 1)))))
        x = F.avg_pool2d(self.transition(F.relu(self.norm(torch.cat(features, 1)))), 2)
        x = F.adaptive_avg_pool2d(F.relu(self.norm5(x)), (1, 1))
        return self.classifier(torch.flatten(x, 1))


class LayerNorm2d(nn.LayerNorm):
    def forward(self, x):
        return F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    def __init__(self, filters):
        super().__init__()
        self.layer_scale = nn.Parameter(torch.ones(filters, 1, 1))
        self.dwconv = nn.Conv2d(filters, filters, 7, padding=3, groups=filters)
        self.norm = nn.LayerNorm(filters, eps=1e-6)
        self.pwconv1 = nn.Linear(filters, 3 * filters)
        self.pwconv2 = nn.Linear(3 * filters, filters)

    def forward(self, x):
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        return x + self.layer_scale * self.pwconv2(F.gelu(self.pwconv1(y))).permute(0, 3, 1, 2)


class ConvNeXt(nn.Module):
    """Patches, layer normalization over channels, dense layers in [N, H, W, C], gelu, layer scale."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 4, 4), LayerNorm2d(8, eps=1e-6))
        self.block = ConvNeXtBlock(8)
        self.downsample = nn.Sequential(LayerNorm2d(8, eps=1e-6), nn.Conv2d(8, 12, 2, 2))
        self.block2 = ConvNeXtBlock(12)
        self.norm = LayerNorm2d(12, eps=1e-6)
        self.head = nn.Linear(12, 5)

    def forward(self, x):
        x = self.block2(self.downsample(self.block(self.stem(x))))
        return self.head(torch.flatten(self.norm(F.adaptive_avg_pool2d(x, 1)), 1))


class UNet(nn.Module):
    """Down and up again: a transposed convolution, a bilinear resize, skips, and an output that is an image."""

    def __init__(self):
        super().__init__()
        def block(i, o):
            return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.LeakyReLU(0.1))

        self.down1, self.down2, self.middle = block(3, 4), block(4, 6), block(6, 8)
        self.up2 = nn.ConvTranspose2d(8, 6, 2, 2)
        self.dec2 = block(12, 6)
        self.dec1 = block(10, 4)
        self.out = nn.Conv2d(4, 1, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        y = self.up2(self.middle(F.max_pool2d(b, 2)))
        y = self.dec2(torch.cat([y, b], 1))
        y = F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)
        return torch.sigmoid(self.out(self.dec1(torch.cat([y, a], 1))))


class ShuffleNet(nn.Module):
    """A split of channels, a branch of depthwise convolutions, a concatenation and a channel shuffle."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 12, 3, 2, 1, bias=False), nn.BatchNorm2d(12), nn.ReLU())
        self.branch = nn.Sequential(nn.Conv2d(6, 6, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU(),
                                    nn.Conv2d(6, 6, 3, 1, 1, groups=6, bias=False), nn.BatchNorm2d(6),
                                    nn.Conv2d(6, 6, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU())
        self.fc = nn.Linear(12, 5)

    def forward(self, x):
        a, b = self.stem(x).chunk(2, dim=1)
        x = torch.cat((a, self.branch(b)), 1)
        n, c, h, w = x.size()
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
        return self.fc(x.mean([2, 3]))


class Vgg(nn.Module):
    """Plain, with a dense layer on flattened images, PReLU, group and instance normalization."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.PReLU(6), nn.MaxPool2d(2, 2),
                                      nn.Conv2d(6, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.ELU(), nn.MaxPool2d(2, 2),
                                      nn.Conv2d(8, 8, 3, padding=1), nn.InstanceNorm2d(8, affine=True), nn.SELU(),
                                      nn.AvgPool2d(2, 2))
        self.classifier = nn.Sequential(nn.Linear(8 * 2 * 3, 10), nn.BatchNorm1d(10), nn.ReLU(), nn.Dropout(0.5),
                                        nn.Linear(10, 5), nn.LogSoftmax(1))

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


class TwoInputs(nn.Module):
    """Two inputs, two outputs, and normalizations in eval() while the rest trains."""

    def __init__(self):
        super().__init__()
        self.image = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.BatchNorm2d(6), nn.Mish())
        self.numbers = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Softplus())
        self.classes = nn.Linear(12, 5)
        self.age = nn.Linear(6, 1)

    def forward(self, image, numbers):
        x = F.adaptive_max_pool2d(self.image(image), 1).flatten(1)
        y = self.numbers(numbers)
        return self.classes(torch.cat([x, y], 1)), self.age(x * y)


# Name: module, shapes of its inputs' samples.
TINY = {"resnet": (ResNet, [(3, 20, 24)]), "mobilenet": (MobileNet, [(3, 12, 14)]), "densenet": (DenseNet, [(3, 8, 10)]),
        "convnext": (ConvNeXt, [(3, 16, 24)]), "unet": (UNet, [(3, 8, 12)]), "shufflenet": (ShuffleNet, [(3, 10, 12)]),
        "vgg": (Vgg, [(3, 16, 24)]), "two_inputs": (TwoInputs, [(3, 8, 6), (4,)])}
