"""Other weights under the same name are another run."""

from mmrobust.ledger.provenance import fingerprint, model_files, versions


def test_every_file_that_a_config_names_is_hashed(tmp_path):
    weights, other = tmp_path / 'flow.pth', tmp_path / 'rgb.pth'
    weights.write_bytes(b'one')
    other.write_bytes(b'two')
    config = {
        'type': 'TwoStream',
        'flow_estimator': {'type': 'FlowNet2', 'checkpoint': str(weights)},
        'streams': [{'checkpoint': str(other)}, ('no file', 3, None, tmp_path)],
        'text': 'x' * 10_000,
        'folder': str(tmp_path),
    }
    found = model_files(config)
    assert list(found) == sorted([str(weights), str(other)])
    weights.write_bytes(b'three')
    changed = model_files(config)
    assert changed[str(weights)] != found[str(weights)]
    assert changed[str(other)] == found[str(other)]


def test_no_files_and_no_config():
    assert model_files(None) == model_files({'type': 'TSN'}) == {}


def test_the_version_of_opencv_is_known():
    import cv2

    assert versions()['opencv'] == cv2.__version__


class Loop:
    """What the fingerprint asks of a loop."""

    class runner:  # noqa: N801
        _load_from = None
        cfg = {'test_evaluator': {}}

    class attack:  # noqa: N801
        describe = staticmethod(dict)
        files = staticmethod(list)

    class settings:  # noqa: N801
        seed = 0

    class victim:  # noqa: N801
        space = 'crop'

    class dataloader:  # noqa: N801
        dataset = None

    fp16, surrogate = False, None

    def __init__(self, dataset, evaluator=None, loader=None, **options):
        self.options = options
        self.runner.cfg = {'test_evaluator': evaluator, 'test_dataloader': loader}
        self.dataloader.dataset = dataset


class Samples:
    def __init__(self, **attributes):
        vars(self).update(attributes)

    def __len__(self):
        return 2


def changed(path, loop):
    """Keys of the fingerprint that another content of the file changes."""
    path.write_text('one')
    first = fingerprint(loop)
    path.write_text('two')
    second = fingerprint(loop)
    return sorted(key for key in first if first[key] != second[key])


def test_every_file_that_decides_a_result_is_in_the_fingerprint(tmp_path):
    file = tmp_path / 'file.json'
    named = str(file)
    metrics = [{'type': 'A'}, {'type': 'B', 'metric': {'ann_file': named}}]
    assert changed(file, Loop(Samples(), target=named)) == ['files of the victim']
    assert changed(file, Loop(Samples(), evaluator=metrics)) == ['files of the data']
    assert changed(file, Loop(Samples(ann_file=named))) == ['files of the data']
    assert changed(file, Loop(Samples(dataset=Samples(ann_file=file)))) == ['files of the data']
    # A file that a metric writes decides nothing.
    dump = {'type': 'DumpResults', 'out_file_path': named}
    assert changed(file, Loop(Samples(), evaluator=dump)) == []


def test_functions_in_a_config_are_named_not_addressed():
    def other(batch):
        return batch

    def told(function):
        loader = {'collate_fn': {'type': function}, 'batch_size': 3}
        return fingerprint(Loop(Samples(), loader=loader))['data config']

    again = type(other)(other.__code__, {}, 'other')
    again.__qualname__, again.__module__ = other.__qualname__, other.__module__
    assert told(again) == told(other) != told(print)
