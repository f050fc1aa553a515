"""Answers on file: read back exactly, whatever a kill has left."""

import pytest
import torch

from mmrobust.ledger.answers import answer_file, forget_answers


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_answers_come_back_in_order_and_type(tmp_path, dtype):
    file = answer_file(tmp_path, 7)
    assert file.read() is None
    parts = [torch.randn(n, 5, dtype=dtype) for n in (1, 3, 2)]
    for part in parts:
        file.append(part)
    assert torch.equal(answer_file(tmp_path, 7).read(), torch.cat(parts))
    assert answer_file(tmp_path, 8).read() is None


@pytest.mark.parametrize('lost', range(1, 25))
def test_a_row_that_was_cut_off_is_dropped_and_the_file_goes_on(tmp_path, lost):
    file, answers = answer_file(tmp_path, 0), torch.randn(4, 3)
    file.append(answers)
    content = file.path.read_bytes()
    file.path.write_bytes(content[:-lost])
    kept = 4 - -(-lost // 12)
    again = answer_file(tmp_path, 0)
    assert torch.equal(again.read(), answers[:kept])
    again.append(answers[kept:])
    assert file.path.read_bytes() == content


@pytest.mark.parametrize('content', [b'', b'{"dtype": "floa', b'\x00\x01'])
def test_a_file_without_a_first_line_is_begun_again(tmp_path, content):
    file = answer_file(tmp_path, 0)
    file.path.parent.mkdir()
    file.path.write_bytes(content)
    assert file.read() is None
    file.append(torch.ones(1, 2))
    assert torch.equal(file.read(), torch.ones(1, 2))


def test_files_of_done_samples_and_of_another_run_go(tmp_path):
    files = [answer_file(tmp_path, index) for index in range(2)]
    for file in files:
        file.append(torch.ones(1, 2))
        assert file.path.exists()
    files[0].remove()
    files[0].remove()
    assert not files[0].path.exists()
    forget_answers(tmp_path)
    assert not files[1].path.exists()
    forget_answers(tmp_path)
