"""The test pipeline of a pose data set, followed from the picture to a person's crop.

Inputs come from the pipeline itself, unchanged. ``PersonPipeline`` runs its
transforms one by one, keeps the picture as the pipeline decodes it, and
compares, bit for bit, what it would cut out of it with what the pipeline made.
Shapes: C channels, H, W pixels of the picture, P persons, h, w pixels of a crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.datasets.broken_files import blaming_the_file
from mmrobust.functional.affine_crop import affine_crop
from mmrobust.functional.checks import require
from mmrobust.victims.pipeline import FollowedPipeline
from mmrobust.victims.pose.loading import picture_name
from mmrobust.victims.samples import Results, UnknownTransformError, check_channels


@dataclass(frozen=True)
class ImageLayout:
    """``space='image'``: a picture, and where its persons' crops lie.

    Attributes:
        picture: (C, H, W), uint8, as the pipeline decodes it.
        matrices: (P, 2, 3), double precision, from the picture to each crop.
        size: (w, h) of a crop.
    """

    picture: Tensor
    matrices: Tensor
    size: tuple[int, int]

    def pixels(self) -> Tensor:
        """The picture (C, H, W), uint8."""
        return self.picture

    def render(self, pixels: Tensor) -> Tensor:
        """The crops (P, C, h, w), uint8, of an attacked picture (C, H, W)."""
        return affine_crop(pixels.float(), self.matrices, self.size).to(torch.uint8)

    @property
    def signature(self) -> tuple[object, ...]:
        """A picture's size and its number of persons."""
        return tuple(self.picture.shape), len(self.matrices)

    @classmethod
    def joined(cls, layouts: Sequence[ImageLayout]) -> ImageLayout:
        """The layout of all persons of one picture.

        Raises:
            ValueError: They are none of one picture and one size of crop.
        """
        first = layouts[0]
        for other in layouts[1:]:
            same = torch.equal(other.picture, first.picture)
            require(same, 'picture', 'decoded to the same pixels for every person', 'others')
            require(other.size == first.size, 'input_size', f'{first.size} as before', other.size)
        matrices = torch.cat([layout.matrices for layout in layouts])
        return cls(first.picture, matrices, first.size)


class PersonPipeline(FollowedPipeline):
    """A top-down estimator's test pipeline, followed from the picture to a person's crop.

    Args:
        transforms: The pipeline's own transforms.
        channels: How many the model takes; None: any.
    """

    def __init__(self, transforms: list[Any], channels: int | None = None) -> None:
        self.transforms, self.channels = transforms, channels

    def name(self, data_info: Results) -> str:
        """The picture."""
        return picture_name(data_info)

    def read(self, path: str) -> NDArray[np.uint8]:
        """A file as the pipeline decodes it, (H, W, C)."""
        image: NDArray[np.uint8] = self.transforms[0]({'img_path': path})['img']
        return image

    def followed(self, data_info: Results) -> tuple[Results, ImageLayout]:
        """Packed inputs, and the layout of one person."""
        state = data_info
        layout: ImageLayout | None = None
        # What the picture has to look like, unless a transform is the affine crop.
        shown = None if state.get('img') is None else state['img'].copy()
        for transform in self.transforms:
            with blaming_the_file(transform, state):
                after = transform(state)
            require(after is not None, type(transform).__name__, 'a result', None)
            state, found = after, after.get('img')
            if found is None:
                continue
            if shown is not None and layout is None and _is_affine(transform):
                layout = _layout(transform, shown, state)
                cut = layout.render(layout.picture)[0].permute(1, 2, 0).numpy()
                if not np.array_equal(found, cut):
                    raise UnknownTransformError(
                        transform, 'its crop differs from what is cut here', 'image'
                    )
                shown = cut
            elif shown is None:
                check_channels(1 if found.ndim == 2 else found.shape[-1], self.channels)
                shown = found.copy()
            elif not np.array_equal(found, shown):
                raise UnknownTransformError(transform, 'it computes new pixels', 'image')
        last = self.transforms[-1]
        if layout is None:
            raise UnknownTransformError(last, 'no TopdownAffine comes before it', 'image')
        if not torch.equal(state['inputs'], layout.render(layout.picture)[0]):
            raise UnknownTransformError(last, 'its inputs differ from the crop', 'image')
        return state, layout


def _is_affine(transform: object) -> bool:
    return any(cls.__name__ == 'TopdownAffine' for cls in type(transform).__mro__)


def _layout(transform: Any, image: Any, state: Results) -> ImageLayout:
    """The layout of a person, from what ``TopdownAffine`` leaves in the results."""
    from mmpose.structures.bbox import get_udp_warp_matrix, get_warp_matrix

    sound = isinstance(image, np.ndarray) and image.ndim == 3 and image.dtype == np.uint8
    if not sound:
        found = f'{image.dtype} {image.shape}' if isinstance(image, np.ndarray) else type(image)
        raise UnknownTransformError(transform, f'it is given {found}, not a uint8 picture', 'image')
    make = get_udp_warp_matrix if transform.use_udp else get_warp_matrix
    turned = state['bbox_rotation'][0] if 'bbox_rotation' in state else 0.0
    width, height = state['input_size']
    matrix = make(state['input_center'], state['input_scale'], turned, output_size=(width, height))
    return ImageLayout(
        picture=torch.from_numpy(image).permute(2, 0, 1).contiguous(),
        matrices=torch.from_numpy(np.asarray(matrix, dtype=np.float64))[None],
        size=(int(width), int(height)),
    )
