"""Grad-CAM by hand, by captum, through several views, and the grids of layers."""

import pytest
import torch
import torch.nn.functional as F
from explanation_toys import Output
from torch import nn

from mmrobust.explanations import Question
from mmrobust.explanations.grad_cam import GradCAM
from mmrobust.explanations.grids import as_grid
from mmrobust.victims import FunctionVictim


class Net(nn.Module):
    """A backbone, something non-linear, and a head."""

    def __init__(self, dims: int = 3) -> None:
        super().__init__()
        torch.manual_seed(0)
        conv = nn.Conv3d if dims == 3 else nn.Conv2d
        self.backbone = nn.Sequential(conv(3, 4, 2, 2), nn.ReLU(), conv(4, 5, 2, 2))
        self.head = nn.Linear(5, 2)

    def forward(self, pixels):
        return self.head(self.backbone(pixels).tanh().flatten(2).mean(dim=2))


def random() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def question(net: nn.Module, shape: tuple[int, ...]) -> Question:
    pixels = torch.rand(1, *shape, generator=random()) * 2
    return Question(FunctionVictim(net), pixels, Output())


@pytest.mark.parametrize(('dims', 'shape'), [(3, (3, 8, 16, 12)), (2, (3, 16, 12))])
def test_it_is_the_map_computed_by_hand(dims, shape):
    net = Net(dims)
    asked = question(net, shape)
    features = net.backbone(asked.pixels).detach().requires_grad_()
    score = net.head(features.tanh().flatten(2).mean(dim=2))[0, 0]
    (slope,) = torch.autograd.grad(score, features)
    places = tuple(range(2, features.dim()))
    weights = slope.mean(dim=places, keepdim=True)
    small = F.relu((weights * features).sum(dim=1, keepdim=True))
    mode = {3: 'trilinear', 2: 'bilinear'}[dims]
    expected = F.interpolate(small, shape[1:], mode=mode, align_corners=False)[0, 0]
    found = GradCAM().map(asked, random())
    assert torch.allclose(found, expected, atol=1e-6)
    assert found.max() > 0


def test_it_is_that_of_captum_at_any_layer():
    attr = pytest.importorskip('captum.attr')
    net = Net()
    asked = question(net, (3, 8, 16, 12))
    for name in ('backbone.0', 'backbone.1', 'backbone.2'):
        cam = attr.LayerGradCam(asked.score, net.get_submodule(name))
        small = cam.attribute(asked.pixels.clone(), relu_attributions=True)
        large = F.interpolate(small, asked.shape, mode='trilinear', align_corners=False)[0, 0]
        assert torch.allclose(GradCAM(name).map(asked, random()), large, atol=1e-6), name


class TwoViews(Net):
    """Shows a network two overlapping crops, one of them mirrored, and averages."""

    def forward(self, pixels):
        views = [pixels[..., :8], pixels[..., 4:].flip(-1)]
        return super().forward(torch.cat(views)).unflatten(0, (2, -1)).mean(dim=0)


def test_views_are_brought_back_to_where_they_were_cut():
    asked = question(TwoViews(), (3, 8, 16, 12))
    found = GradCAM().map(asked, random())
    first, second = (
        GradCAM().map(Question(FunctionVictim(Net()), view, Output()), random())
        for view in (asked.pixels[..., :8], asked.pixels[..., 4:].flip(-1))
    )
    # A view counts for half in the mean of the score.
    left, right = F.pad(first, (0, 4)) / 2, F.pad(second.flip(-1), (4, 0)) / 2
    shown = torch.tensor([1.0] * 4 + [2.0] * 4 + [1.0] * 4)
    assert torch.allclose(found, (left + right) / shown, atol=1e-6)


def test_pixels_that_the_network_is_not_shown_have_nothing():
    class Cropped(Net):
        def forward(self, pixels):
            return super().forward(pixels[:, :, :, :, 2:10])

    found = GradCAM().map(question(Cropped(), (3, 8, 16, 12)), random())
    assert not found[..., :2].any()
    assert not found[..., 10:].any()
    assert found.isfinite().all()


def test_a_layer_on_which_the_score_does_not_rest_is_passed_over():
    class ReadsOneToken(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.patches, self.last = nn.Conv2d(3, 4, 4, 4), nn.LayerNorm(4)

        def forward(self, pixels):
            tokens = self.patches(pixels).flatten(2).transpose(1, 2)
            first = tokens.mean(dim=1, keepdim=True)
            return self.last(torch.cat([first, tokens], dim=1))[:, 0]

    class Recogniser(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = ReadsOneToken()

        def forward(self, pixels):
            return self.backbone(pixels)

    asked = question(Recogniser(), (3, 16, 8))
    assert torch.equal(
        GradCAM().map(asked, random()), GradCAM('backbone.patches').map(asked, random())
    )


def test_projections_inside_of_a_block_are_passed_over():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches, self.norm = nn.Conv2d(3, 4, 4, 4), nn.LayerNorm(4)
            self.keys = nn.Linear(4, 4)

        def forward(self, pixels):
            tokens = self.patches(pixels).flatten(2).transpose(1, 2)
            return self.keys(self.norm(tokens)).tanh().mean(dim=1)

    class Recogniser(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.backbone = Attention()

        def forward(self, pixels):
            return self.backbone(pixels)

    asked = question(Recogniser(), (3, 16, 8))
    found = GradCAM().map(asked, random())
    assert torch.equal(found, GradCAM('backbone.norm').map(asked, random()))
    assert not torch.equal(found, GradCAM('backbone.keys').map(asked, random()))


def test_unknown_layers_and_functions_are_refused():
    asked = question(Net(), (3, 8, 16, 12))
    with pytest.raises(
        ValueError, match=r"got 'backbone.9'; the last ones: backbone.0, .*backbone"
    ):
        GradCAM('backbone.9').map(asked, random())
    plain = Question(FunctionVictim(lambda x: x.flatten(1)), asked.pixels, Output())
    with pytest.raises(ValueError, match='one with a network inside for grad_cam'):
        GradCAM().map(plain, random())

    class OfDifferences(Net):
        def forward(self, pixels):
            return super().forward(pixels[:, :, 1:] - pixels[:, :, :-1])

    with pytest.raises(ValueError, match='shown something computed from them'):
        GradCAM().map(question(OfDifferences(), (3, 9, 16, 12)), random())


# --- grids ----------------------------------------------------------------------------

CLIP = torch.zeros(2, 3, 8, 32, 48)


def numbered(*shape: int) -> torch.Tensor:
    return torch.arange(torch.Size(shape).numel()).reshape(shape).float()


@pytest.mark.parametrize('channels_last', [False, True])
def test_grids_of_convolutions_and_windows(channels_last):
    plain = numbered(2, 7, 4, 4, 6)
    given = plain.permute(0, 2, 3, 4, 1) if channels_last else plain
    assert torch.equal(as_grid(given, CLIP), plain)


def test_grids_of_a_row_for_each_frame():
    plain = numbered(2, 7, 8, 4, 6)
    rows = plain.transpose(1, 2).flatten(0, 1)
    assert torch.equal(as_grid(rows, CLIP), plain)
    assert torch.equal(as_grid(rows.permute(0, 2, 3, 1), CLIP), plain)
    tokens = rows.flatten(2).transpose(1, 2)
    assert torch.equal(as_grid(F.pad(tokens, (0, 0, 1, 0)), CLIP), plain)


@pytest.mark.parametrize('special', [0, 1])
@pytest.mark.parametrize('time_last', [False, True])
def test_grids_of_tokens(special, time_last):
    plain = numbered(2, 7, 4, 4, 6)
    tokens = (plain.permute(0, 3, 4, 2, 1) if time_last else plain.permute(0, 2, 3, 4, 1)).flatten(
        1, 3
    )
    assert torch.equal(as_grid(F.pad(tokens, (0, 0, special, 0)), CLIP, time_last), plain)


@pytest.mark.parametrize(
    'shape', [(2, 7), (2, 7, 1, 1, 1), (3, 7, 4, 4, 6), (2, 5, 5), (2, 9, 9, 7)]
)
def test_what_has_no_grid(shape):
    assert as_grid(torch.zeros(shape), CLIP) is None


def test_a_class_token_is_told_from_a_place():
    # One and 2 x 2 x 2 are 3 x 3, too, but no patch of 32 pixels is a third of them.
    given = torch.zeros(1, 3, 4, 32, 32)
    assert as_grid(torch.zeros(1, 9, 5), given).shape == (1, 5, 2, 2, 2)


def test_rounded_sides_are_a_grid():
    picture = torch.zeros(1, 3, 72, 80)
    assert as_grid(torch.zeros(1, 9, 3, 3), picture).shape == (1, 9, 1, 3, 3)
    assert as_grid(torch.zeros(1, 9, 1, 3), picture) is None
