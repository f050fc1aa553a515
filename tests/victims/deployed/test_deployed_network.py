"""Arrays in and out of a deployed network, whatever its batch does."""

import numpy as np
import pytest
import torch

from mmrobust.victims.deployed.network import ForeignNetwork
from mmrobust.victims.deployed.runtimes.importing import FunctionRuntime


def network(function, batch=None):
    return ForeignNetwork(FunctionRuntime(function, batch=batch))


def doubled(array):
    assert array.flags['C_CONTIGUOUS']
    return 2 * array


INPUTS = torch.arange(30.0).reshape(5, 3, 2)


def test_what_is_asked_is_answered():
    assert torch.equal(network(doubled)(INPUTS)['output'], 2 * INPUTS)


@pytest.mark.parametrize('batch', [1, 2, 3, 5, 8])
def test_a_fixed_batch_is_filled_up_and_cut(batch):
    sizes = []

    def ask(array):
        sizes.append(len(array))
        return doubled(array)

    assert torch.equal(network(ask, batch)(INPUTS)['output'], 2 * INPUTS)
    assert sizes == [batch] * -(-5 // batch)


def test_several_outputs_keep_their_names_and_order():
    found = network(lambda x: {'b': x, 'a': 3 * x})(INPUTS)
    assert list(found) == ['b', 'a']
    assert torch.equal(found['a'], 3 * INPUTS)
    assert list(network(lambda x: (x, x))(INPUTS)) == ['output', 'output1']


def test_a_function_may_write_to_what_it_is_given():
    def ask(array):
        array += 1
        return array

    before = INPUTS.clone()
    assert torch.equal(network(ask)(INPUTS)['output'], INPUTS + 1)
    assert torch.equal(INPUTS, before)


@pytest.mark.parametrize(
    'mixing',
    [
        # What MMDeploy's graphs of recognisers do: videos of a batch are averaged.
        lambda x: x.mean(axis=0, keepdims=True),
        # What a network in training mode does.
        lambda x: x - x.mean(axis=0, keepdims=True) * (len(x) > 1),
    ],
)
def test_a_graph_that_mixes_samples_is_asked_one_by_one(mixing):
    foreign = network(mixing)
    with pytest.warns(UserWarning, match='mixes the samples'):
        found = foreign(INPUTS + 1)['output']
    assert torch.equal(found, INPUTS + 1)
    assert foreign.alone


def test_rounding_by_batch_size_is_no_mixing():
    foreign = network(lambda x: x * (1 + 1e-6 * len(x)))
    found = foreign(INPUTS)['output']
    assert not foreign.alone
    assert torch.allclose(found, INPUTS, rtol=1e-4)


def test_whoever_returns_other_rows_is_refused():
    with pytest.raises(ValueError, match=r'a row for each sample of 1 .*\(2, 3, 2\)'):
        network(lambda x: np.concatenate([x, x]))(INPUTS[:1])


def test_answers_have_no_gradient():
    found = network(doubled)(INPUTS.clone().requires_grad_())['output']
    assert not found.requires_grad


@pytest.mark.parametrize(
    ('name', 'said'),
    [
        ('numpy', 'module:function'),
        ('no_such_module:f', 'no_such_module'),
        ('numpy:no_such_function', 'no_such_function'),
        ('numpy:pi', 'a function'),
    ],
)
def test_a_function_that_is_not_there_is_named(name, said):
    with pytest.raises(ValueError, match=said):
        FunctionRuntime(name)
