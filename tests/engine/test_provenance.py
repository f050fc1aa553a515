"""Other weights under the same name are another run."""

from mmrobust.engine.provenance import model_files, versions


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
