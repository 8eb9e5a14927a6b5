"""Small modules in the manner of well-known ones."""

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, i, o, stride=1, drop=0.0):
        super().__init__()
        self.conv1 = nn.Conv2d(i, o, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(o)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(o)
        self.drop = nn.Dropout2d(drop)
        self.downsample = None
        if stride != 1 or i != o:
            self.downsample = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(self.drop(out)))
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    """Two stages; 3 channels in, `classes` out."""

    def __init__(self, classes=4, width=8, drop=0.0):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = nn.Sequential(Block(width, width, 1, drop))
        self.layer2 = nn.Sequential(Block(width, 2 * width, 2, drop), Block(2 * width, 2 * width, 1, drop))
        self.fc = nn.Linear(2 * width, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer2(self.layer1(x))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class InvertedResidual(nn.Module):
    def __init__(self, i, o, stride, expand):
        super().__init__()
        h = i * expand
        self.use_res = stride == 1 and i == o
        self.conv = nn.Sequential(
            nn.Conv2d(i, h, 1, bias=False),
            nn.BatchNorm2d(h),
            nn.ReLU6(inplace=True),
            nn.Conv2d(h, h, 3, stride, 1, groups=h, bias=False),
            nn.BatchNorm2d(h),
            nn.ReLU6(inplace=True),
            nn.Conv2d(h, o, 1, bias=False),
            nn.BatchNorm2d(o),
        )

    def forward(self, x):
        return x + self.conv(x) if self.use_res else self.conv(x)


class MobileNet(nn.Module):
    def __init__(self, classes=4, width=8, drop=0.2):
        super().__init__()
        self.features = nn.Sequential(
            nn.Sequential(nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU6(inplace=True)),
            InvertedResidual(width, width, 1, 2),
            InvertedResidual(width, 2 * width, 2, 2),
            InvertedResidual(2 * width, 2 * width, 1, 2),
        )
        self.classifier = nn.Sequential(nn.Dropout(drop), nn.Linear(2 * width, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean([2, 3]))


class DenseLayer(nn.Module):
    def __init__(self, i, growth, drop):
        super().__init__()
        self.norm1, self.relu1 = nn.BatchNorm2d(i), nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(i, growth, 3, 1, 1, bias=False)
        self.drop = drop

    def forward(self, x):
        new = self.conv1(self.relu1(self.norm1(x)))
        if self.drop > 0:
            new = F.dropout(new, self.drop, self.training)
        return torch.cat([x, new], 1)


class DenseNet(nn.Module):
    def __init__(self, classes=4, width=8, drop=0.0):
        super().__init__()
        self.conv0 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.dense = nn.Sequential(DenseLayer(width, 8, drop), DenseLayer(width + 8, 8, drop))
        self.norm = nn.BatchNorm2d(width + 16)
        self.classifier = nn.Linear(width + 16, classes)

    def forward(self, x):
        x = F.relu(self.norm(self.dense(F.max_pool2d(self.conv0(x), 2))))
        return self.classifier(x.mean((2, 3)))


class UNet(nn.Module):
    """Two levels; a class for each position."""

    def __init__(self, classes=3, width=8):
        super().__init__()
        block = lambda i, o: nn.Sequential(
            nn.Conv2d(i, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True)
        )
        self.down1, self.down2 = block(3, width), block(width, 2 * width)
        self.up = nn.ConvTranspose2d(2 * width, width, 2, 2)
        self.merge = block(2 * width, width)
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        return self.head(self.merge(torch.cat([a, self.up(b)], dim=1)))


class DropPath(nn.Module):  # timm's
    def __init__(self, drop_prob=0.0):
        super().__init__()
        self.drop_prob = drop_prob

    def forward(self, x):
        if self.drop_prob == 0.0 or not self.training:
            return x
        keep = 1 - self.drop_prob
        return x * x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(keep).div_(keep)


class Attention(nn.Module):
    def __init__(self, dim, heads, drop):
        super().__init__()
        self.heads, self.qkv, self.proj, self.proj_drop = (
            heads,
            nn.Linear(dim, 3 * dim),
            nn.Linear(dim, dim),
            nn.Dropout(drop),
        )

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        x = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, t, d)
        return self.proj_drop(self.proj(x))


class ViTBlock(nn.Module):
    def __init__(self, dim, heads, drop, path):
        super().__init__()
        self.norm1, self.attn, self.drop_path1 = nn.LayerNorm(dim), Attention(dim, heads, drop), DropPath(path)
        self.norm2, self.drop_path2 = nn.LayerNorm(dim), DropPath(path)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Dropout(drop), nn.Linear(2 * dim, dim))

    def forward(self, x):
        x = x + self.drop_path1(self.attn(self.norm1(x)))
        return x + self.drop_path2(self.mlp(self.norm2(x)))


class ViT(nn.Module):
    def __init__(self, classes=4, dim=16, size=8, drop=0.1, path=0.1):
        super().__init__()
        self.patch_embed = nn.Conv2d(3, dim, 4, 4)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.randn(1, (size // 4) ** 2 + 1, dim) * 0.02)
        self.blocks = nn.Sequential(ViTBlock(dim, 2, drop, path), ViTBlock(dim, 2, drop, path))
        self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, classes)

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


def images(n=24, size=8, classes=4, seed=0):
    """[n, 3, size, size] and labels [n] that the images tell."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(0, classes, (n,), generator=g)
    x = torch.randn(n, 3, size, size, generator=g) + y[:, None, None, None].float() * 0.7
    return x, y


def settle(module, x, passes=30):
    """Moving statistics near those of the data."""
    module.train()
    with torch.no_grad():
        for _ in range(passes):
            module(x)
    return module.eval()


@torch.no_grad()
def randomize(module, seed=0):
    """Scales, shifts and statistics that are not their initial values."""
    g = torch.Generator().manual_seed(seed)
    for m in module.modules():
        if isinstance(m, nn.modules.batchnorm._BatchNorm):
            m.weight.copy_(torch.rand(m.weight.shape, generator=g) + 0.5)
            m.bias.copy_(torch.randn(m.bias.shape, generator=g) * 0.3)
            m.running_mean.copy_(torch.randn(m.bias.shape, generator=g) * 0.5)
            m.running_var.copy_(torch.rand(m.bias.shape, generator=g) + 0.5)
    return module
