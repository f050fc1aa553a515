"""CID, whose response is the head's input: what follows from it is what MMPose computes."""

import importlib

import numpy as np
import pytest
import torch
from bottomup_toys import DECOUPLED, FLIP_PAIRS, K, batch, build_model, pictures, pipeline

from mmrobust.victims import BottomupVictim


@pytest.fixture
def exact_roots(monkeypatch):
    """MMPose's codec without the chance in its roots: it cuts decimals off, so this rounds."""
    monkeypatch.setattr(np.random, 'randint', lambda low, high, size: np.full(size, 0.5))


@torch.no_grad()
@pytest.mark.usefixtures('exact_roots')
def test_pose_bottomup_cid_has_the_targets_and_losses_of_training():
    model = build_model('cid', flip=False)
    victim, steps = BottomupVictim(model), pipeline(target=DECOUPLED)
    outputs = victim.predict(batch())[1]
    aim = victim.adapter.encode(victim.labels(batch()).persons, outputs)
    losses = victim.adapter.losses()
    found = {name: loss(outputs, aim) for name, loss in losses.items()}
    for i, picture in enumerate(pictures()[:2]):
        sample = steps(picture)['data_samples']
        wanted = victim.adapter.targets(aim, (8, 16), i)
        assert torch.equal(wanted.coupled, sample.gt_fields.heatmaps)
        # MMPose sorts persons by their size.
        roots = sample.gt_instance_labels.instance_coords
        order = [wanted.roots.tolist().index(root) for root in roots.float().tolist()]
        assert sorted(order) == list(range(len(wanted.roots))) == list(range(2 - i))
        own = sample.gt_fields.instance_heatmaps.view(-1, K, 8, 16)
        assert torch.equal(wanted.decoupled[order], own)
        assert torch.equal(wanted.weights[order], sample.gt_instance_labels.keypoint_weights)
        data = model.data_preprocessor(batch(rows=(i,)), False)
        own = model.head.loss(model.extract_feat(data['inputs']), [sample])
        torch.testing.assert_close(found['coupled'][i], own['loss/heatmap_coupled'])
        torch.testing.assert_close(found['decoupled'][i], own['loss/heatmap_decoupled'])
        torch.testing.assert_close(
            found['heatmaps'][i], found['coupled'][i] + found['decoupled'][i]
        )
    # Nobody: there is no decoupled heatmap.
    assert float(found['decoupled'][2]) == 0
    assert float(found['coupled'][2]) > 0


@torch.no_grad()
def test_pose_bottomup_flip_test_of_cid_is_in_what_the_decoder_gets(monkeypatch):
    victim, given = BottomupVictim(build_model('cid')), []
    head, decode = victim.model.head, victim.model.head.decode
    monkeypatch.setattr(head, 'decode', lambda maps: given.append(maps[0]) or decode(maps))
    blurs = []
    module = importlib.import_module(type(head).__module__)
    blur = module.smooth_heatmaps
    monkeypatch.setattr(
        module, 'smooth_heatmaps', lambda maps, size: blurs.append(maps.clone()) or blur(maps, size)
    )
    outputs = victim.predict(batch(rows=(0,)))[1]
    persons = victim.labels(batch(rows=(0,))).persons
    roots, single = blurs
    found = victim.adapter.coupled_maps(outputs, persons)
    torch.testing.assert_close(found[:, -1:], roots)
    # Persons whose roots the head finds: it hands on one set of heatmaps each.
    kept = {}
    monkeypatch.setattr(
        head.gfd_module,
        'forward',
        lambda features, own, places, ids: kept.update(places=places) or 1 / 0,
    )
    with pytest.raises(ZeroDivisionError):
        victim.predict(batch(rows=(0,)))
    monkeypatch.undo()
    places = kept['places'].chunk(2)[0]
    assert len(places) == len(single) > 1
    torch.testing.assert_close(
        victim.adapter.decoupled_maps(outputs, persons, places.float()), single
    )
    mirrored = {**batch(rows=(0,)), 'inputs': [batch(rows=(0,))['inputs'][0].flip(-1)]}
    other = victim.adapter.coupled_maps(victim.predict(mirrored)[1], persons)
    torch.testing.assert_close(found, other.flip(-1)[:, [*FLIP_PAIRS, K]])
