"""Lists of videos, line by line: what MMAction2 would stumble over, or misread.

Its data sets split each line and hand the last part to ``int``: a list with one bad line ends
in ``not enough values to unpack``, and which line of which file is not said. Others it reads,
and finds no such video: a byte-order mark becomes part of the first name, an empty line is the
folder itself, and columns parted by tabs are one long name.
"""

import functools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, when_imported
from mmrobust.compat._scope import within

MARK = b'\xef\xbb\xbf'
# Labels become tensors of 64 bits.
LARGEST = 2**63 - 1


def _lines(path: str) -> Iterator[tuple[str, str]]:
    """Where a line is, and the line, stripped.

    Raises:
        ValueError: The file is no text in UTF-8, or holds an empty line.
    """
    from mmengine import fileio

    from mmrobust.functional.checks import require

    content = fileio.get(path)
    bare = not content.startswith(MARK)
    require(bare, f'{path}, line 1', 'UTF-8 without a byte-order mark', content[:12])
    rows = content.split(b'\n')
    for number, row in enumerate(rows if rows[-1] else rows[:-1], start=1):
        where = f'{path}, line {number}'
        try:
            text = row.decode('utf-8').strip()
        except UnicodeDecodeError:
            raise ValueError(f'{where} must be UTF-8, got {row[:80]!r}') from None
        require(text != '', where, 'the name of a video', text)
        yield where, text


def _check_number(where: str, name: str, text: str) -> None:
    """Raise ValueError unless ``text`` is a whole number of 64 bits."""
    from mmrobust.functional.checks import require

    try:
        number = int(text)
    except ValueError:
        number = None
    require(number is not None, f'{where}: {name}', 'a whole number', text)
    fits = abs(number or 0) <= LARGEST
    require(fits, f'{where}: {name}', f'at most {LARGEST}', text)


def check_videos(dataset: Any) -> None:
    """Check the list of a ``VideoDataset``: ``NAME LABEL`` or ``NAME`` in each line.

    Raises:
        ValueError: A line is none; the message names file, line, rule and value.
    """
    from mmrobust.functional.checks import require

    delimiter, several = dataset.delimiter, dataset.multi_class
    form = f'NAME LABEL{" ..." * several} or NAME, parted by {delimiter or " "!r} alone'
    for where, text in _lines(dataset.ann_file):
        name, *labels = text.split(delimiter)
        sound = bool(name) and '\t' not in name and (several or len(labels) <= 1)
        require(sound, where, form, text)
        for label in labels:
            _check_number(where, 'label', label)


def check_frames(dataset: Any) -> None:
    """Check the list of a ``RawframeDataset``: ``FOLDER [OFFSET] FRAMES [LABEL]``.

    Raises:
        ValueError: A line is none; the message names file, line, rule and value.
    """
    from mmrobust.functional.checks import require

    columns = ('offset', 'total_frames') if dataset.with_offset else ('total_frames',)
    several = dataset.multi_class
    form = ' '.join(('FOLDER', *(name.upper() for name in columns), '[LABEL]'))
    for where, text in _lines(dataset.ann_file):
        numbers = text.split()[1:]
        labels = len(numbers) - len(columns)
        require(labels >= 0 and (several or labels <= 1), where, form, text)
        for name, number in zip((*columns, *['label'] * labels), numbers, strict=True):
            _check_number(where, name, number)


def checked(load: Callable[[Any], Any], check: Callable[[Any], None]) -> Callable[[Any], Any]:
    """``load_data_list`` of a data set, after a look at its file."""

    @functools.wraps(load)
    def loader(self: Any) -> Any:
        from mmengine import fileio

        # What says that there is none is the data set's own.
        if fileio.exists(self.ann_file):
            check(self)
        return load(self)

    return loader


class MisreadLists(Break):
    """MMAction2 with lists of videos that have a bad line."""

    name = 'mmaction2 and bad lines in lists of videos'
    symptom = "not enough values to unpack, invalid literal for int(): 'cat'"
    remedy = 'refused with file, line, rule and value; so are lines that would be misread'
    changes_behaviour = True

    def detect(self) -> bool:
        """Always with MMAction2: no release says where the bad line is."""
        return find_real('mmaction') is not None

    def heal(self) -> None:
        """Wait for the two data sets."""
        when_imported('mmaction.datasets.video_dataset', self._patch)
        when_imported('mmaction.datasets.rawframe_dataset', self._patch)

    def _patch(self, module: ModuleType) -> None:
        for name, check in (('VideoDataset', check_videos), ('RawframeDataset', check_frames)):
            if name in module.__dict__:
                kind = module.__dict__[name]
                load = kind.load_data_list
                kind.load_data_list = within(load, checked(load, check))
        self.note()
