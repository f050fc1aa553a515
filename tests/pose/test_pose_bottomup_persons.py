"""Persons of a picture: matched with the annotation, judged, read, refused."""

from itertools import permutations

import pytest
import torch
from bottomup_toys import SIZE, K, batch, build_model, pictures

from mmrobust.engine.victims import build_victim
from mmrobust.victims import BottomupVictim
from mmrobust.victims.bottomup import CorruptPersons
from mmrobust.victims.bottomup.matching import right_joints
from mmrobust.victims.bottomup.persons import Prediction


def brute_force(joints, keypoints, visible, scale, tau):
    """The most right joints of any one-to-one match."""
    best, count = 0, len(keypoints)
    ids = list(range(len(joints))) + [None] * count
    for choice in permutations(ids, count):
        hits = 0
        for j, p in enumerate(choice):
            if p is not None:
                near = (joints[p] - keypoints[j]).norm(dim=1) <= tau * scale[j]
                hits += int((near & visible[j]).sum())
        best = max(best, hits)
    return best


@pytest.mark.parametrize('predicted', [0, 1, 2, 4])
def test_pose_bottomup_match_has_the_most_right_joints_of_all(predicted):
    generator = torch.Generator().manual_seed(predicted)
    scale, kinds = torch.tensor([10.0, 20.0, 15.0]), set()
    for _ in range(20):
        keypoints = 40 * torch.rand(3, 5, 2, generator=generator)
        visible = torch.rand(3, 5, generator=generator) < 0.7
        joints = 40 * torch.rand(predicted, 5, 2, generator=generator)
        if predicted > 1:
            joints[0] = joints[1] = keypoints[2]
        right, found = right_joints(joints, keypoints, visible, scale, 0.5)
        assert int(right.sum()) == brute_force(joints, keypoints, visible, scale, 0.5)
        assert not (right & ~visible).any()
        taken = found[found >= 0].tolist()
        assert len(taken) == len(set(taken)) <= predicted
        kinds.add(int(right.sum()))
    assert len(kinds) > 1 or not predicted


def test_pose_bottomup_match_prefers_the_nearer_person_and_keeps_it_from_the_invisible():
    keypoints = torch.zeros(2, K, 2)
    visible = torch.tensor([[False] * K, [True] * K])
    joints = torch.stack([torch.full((K, 2), 30.0), torch.full((K, 2), 20.0)])
    right, found = right_joints(joints, keypoints, visible, torch.ones(2), 0.2)
    assert not right.any()
    assert found.tolist() == [0, 1]
    _, found = right_joints(joints[:1], keypoints, visible, torch.ones(2), 0.2)
    assert found.tolist() == [-1, 0]


def test_pose_bottomup_success_counts_joints_over_all_persons(monkeypatch):
    victim = BottomupVictim(build_model('ae'))
    with torch.no_grad():
        outputs = victim.predict(batch())[1]
    truth = victim.labels(batch())
    places = truth.persons.keypoints[0].double()
    away = places.clone()
    away[1] += 100
    cases = {
        'all': places.flip(0),
        'first': away,
        'nobody': places[:0],
    }
    wrong = {'all': 0, 'first': 4, 'nobody': 7}

    for name, joints in cases.items():
        one = Prediction(joints, torch.full((len(joints),), 0.4), torch.zeros(len(joints), 4))
        monkeypatch.setattr(victim.adapter, 'decode', lambda *_, one=one: [one] * 3)
        for share in (0.5, 4 / 7, 0.6, 1.0):
            found = CorruptPersons(share=share).bind(truth, outputs).success(outputs)
            assert bool(found[0]) is (wrong[name] >= share * 7), (name, share)
            # Nobody is annotated in the third picture, and so nothing can be wrong.
            assert not found[2]
        strict = CorruptPersons(min_score=0.5).bind(truth, outputs)
        assert strict.success(outputs).tolist() == [True, True, False]
        record = victim.record(truth[torch.tensor([0])], outputs[:1], outputs[:1], outputs[:1])
        assert record.agree
        assert record.fields['clean_pck'] == pytest.approx(1 - wrong[name] / 7)
        assert record.fields['persons'] == 2
        assert record.fields['clean_persons_right'] == {'all': 2, 'first': 1, 'nobody': 0}[name]
        assert len(record.fields['clean_poses']) == len(joints)
        assert record.fields['clean_correct'] is (wrong[name] <= 3.5)
        assert record.fields['joints_moved'] == 0
        kept = places if len(joints) else torch.full_like(places, -1.0)
        shown = torch.tensor(record.fields['clean_joints'], dtype=torch.float64)
        wanted = away if name == 'first' else kept
        torch.testing.assert_close(shown, wanted.flatten(0, 1))


def test_pose_bottomup_facts_tell_a_check_that_saw_other_persons(monkeypatch):
    victim = BottomupVictim(build_model('ae'))
    with torch.no_grad():
        outputs = victim.predict(batch())[1][:1]
    truth = victim.labels(batch(rows=(0,)))
    places = truth.persons.keypoints[0].double()

    def decode(values, samples):
        joints = places[: int(values[0, 0])]
        return [Prediction(joints, torch.ones(len(joints)), torch.zeros(len(joints), 4))]

    monkeypatch.setattr(victim.adapter, 'decode', decode)
    both, one, none = (torch.full_like(outputs, value) for value in (2.0, 1.0, 0.0))
    record = victim.record(truth, both, none, none)
    assert record.agree
    assert record.fields['adversarial_pck'] == 0.0
    assert record.fields['joints_moved'] == 7
    assert not victim.record(truth, both, none, one).agree


def test_pose_bottomup_facts_without_annotation_compare_with_the_clean_prediction(monkeypatch):
    victim = BottomupVictim(build_model('ae'))
    with torch.no_grad():
        outputs = victim.predict(batch())[1][:1]
    # Nobody is annotated in the third picture.
    truth = victim.labels(batch(rows=(2,)))
    places = victim.labels(batch(rows=(0,))).persons.keypoints[0].double()
    size = (places.amax(dim=1) - places.amin(dim=1)).amax(dim=1)
    moved = places.clone()
    # The first person's first joint goes far, its second one a tenth of the box.
    moved[0, 0, 0] += 0.5 * size[0]
    moved[0, 1, 0] += 0.1 * size[0]
    versions = {3.0: moved, 2.0: places, 1.0: places[:1], 0.0: places[:0]}

    def decode(values, samples):
        joints = versions[float(values[0, 0])]
        corner = torch.stack([places.amin(dim=1), places.amin(dim=1) + size[:, None]], 1)
        return [Prediction(joints, torch.ones(len(joints)), corner.flatten(1)[: len(joints)])]

    monkeypatch.setattr(victim.adapter, 'decode', decode)
    far, both, one, none = (torch.full_like(outputs, value) for value in (3.0, 2.0, 1.0, 0.0))

    def fields(clean, adversarial):
        return victim.record(truth, clean, adversarial, adversarial).fields

    found = fields(both, far)
    assert (found['joints_moved'], found['joints_vanished']) == (1, 0)
    assert found['displacement'] == pytest.approx(0.6 / (2 * K), rel=1e-4)
    torch.testing.assert_close(torch.tensor(found['clean_joints']), places.flatten(0, 1).float())
    for name in ('clean_pck', 'adversarial_pck', 'clean_correct', 'adversarial_correct'):
        assert found[name] is None
    assert found['persons'] == found['clean_persons_right'] == 0
    gone = fields(both, one)
    assert (gone['joints_moved'], gone['joints_vanished']) == (K, K)
    assert gone['displacement'] == pytest.approx(0, abs=1e-6)
    nobody = fields(both, none)
    assert (nobody['joints_moved'], nobody['displacement']) == (2 * K, None)
    assert fields(none, both)['joints_moved'] == 0
    # The last check must have seen the same persons.
    assert not victim.record(truth, both, none, both).agree


def test_pose_bottomup_annotations_are_in_input_pixels():
    persons = BottomupVictim(build_model('ae')).labels(batch()).persons
    shapes = [tuple(part.shape) for part in (persons.keypoints, persons.visible, persons.boxes)]
    assert shapes == [(3, 2, K, 2), (3, 2, K), (3, 2, 4)]
    # The pictures are twice as large as the input.
    loaded = torch.from_numpy(pictures()[0]['keypoints']) / 2
    torch.testing.assert_close(persons.keypoints[0], loaded)
    assert persons.scale[0].tolist() == pytest.approx([27.5, 29.0])
    assert persons.scale[1].tolist() == pytest.approx([30.0, 1.0])
    assert persons.size == SIZE
    weighted = batch()
    flags = weighted['data_samples'][0].gt_instances.keypoints_visible
    weighted['data_samples'][0].gt_instances.keypoints_visible = torch.stack(
        [torch.from_numpy(flags), torch.ones(2, K)], dim=-1
    ).numpy()
    again = BottomupVictim(build_model('ae')).labels(weighted).persons
    assert torch.equal(again.visible, persons.visible)


def test_pose_bottomup_victim_is_chosen_by_the_model_and_heads_are_refused_by_name():
    model = build_model('rtmo')
    assert isinstance(build_victim(model, None), BottomupVictim)
    for kind in ('EDPoseHead', 'SomeHead'):
        model.head.__class__ = type(kind, (type(model.head),), {})
        known = 'AssociativeEmbeddingHead, CIDHead, DEKRHead, RTMOHead, YOLOXPoseHead'
        rule = f'head of a bottom-up estimator.*{known}.*got {kind}'
        with pytest.raises(ValueError, match=rule):
            build_victim(model, {'space': 'crop'})


def test_pose_bottomup_setups_that_cannot_be_followed_are_refused():
    model = build_model('ae')
    with pytest.raises(ValueError, match='space must be crop for a bottom-up'):
        BottomupVictim(model, space='image')
    model.head.tag_per_keypoint = False
    with pytest.raises(ValueError, match='tag_per_keypoint must be true'):
        BottomupVictim(model)
    model.head.decoder = None
    with pytest.raises(ValueError, match='decoder must be AssociativeEmbedding, got .NoneType'):
        BottomupVictim(model)
    dense = build_model('dekr')
    dense.head.decoder.generate_keypoint_heatmaps = False
    with pytest.raises(ValueError, match='generate_keypoint_heatmaps must be true'):
        BottomupVictim(dense)
    dense.head.decoder = None
    with pytest.raises(ValueError, match='decoder must be SPR, got .NoneType'):
        BottomupVictim(dense)
    cid = build_model('cid')
    cid.head.in_channels = [8, 8]
    with pytest.raises(ValueError, match='in_channels must be one number'):
        BottomupVictim(cid)
    cid.head.decoder = None
    with pytest.raises(ValueError, match='decoder must be DecoupledHeatmap, got .NoneType'):
        BottomupVictim(cid)
    model.test_cfg = {'multiscale_test': True}
    with pytest.raises(ValueError, match='multiscale_test must be off'):
        BottomupVictim(model)
    model = build_model('yolox')
    model.test_cfg = {'flip_test': True}
    with pytest.raises(ValueError, match='flip_test must be off for YOLOXPoseHead'):
        BottomupVictim(model)


def test_pose_bottomup_batches_and_labels_that_do_not_fit_are_refused():
    victim, data = BottomupVictim(build_model('yolox')), batch()
    with torch.no_grad():
        outputs = victim.predict(data)[1]
    truth = victim.labels(data)
    with pytest.raises(ValueError, match='outputs must be as many values as'):
        truth.decode(outputs[:, 1:])
    data['inputs'][1] = data['inputs'][1][:, :-8]
    with pytest.raises(ValueError, match='pictures of one size in a batch .or a batch size of 1'):
        victim.predict(data)
    goal = CorruptPersons()
    with pytest.raises(ValueError, match='labels must be a PersonsAnnotations'):
        goal.check(torch.zeros(3), 3)
    with pytest.raises(ValueError, match='labels must be persons of 2 pictures'):
        goal.check(truth, 2)
    with pytest.raises(ValueError, match='loss must be auto or one of distance, score'):
        CorruptPersons(loss='kl').bind(truth, outputs)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'tau': 0}, 'tau must be a finite number > 0'),
        ({'share': 0}, r'share must be in \(0, 1\]'),
        ({'share': 1.5}, r'share must be in \(0, 1\]'),
        ({'reference': 'pose'}, 'reference must be label or prediction'),
        ({'min_score': -1}, 'min_score must be a finite number >= 0'),
        ({'loss': 3}, 'loss must be the name of a loss'),
    ],
)
def test_pose_bottomup_goal_refuses_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        CorruptPersons(**options)
