"""What the flags of samples mean, for the page and the terminal."""

FLAGS = {
    'zero_gradient': 'The gradient was exactly zero at some step, so that the attack was blind '
    'there. Often a sign of gradient masking: the model may be weaker than it looks.',
    'not_finite': 'The model or the attack produced NaN or infinity: gradients were taken for '
    'zero there, and an answer that is not finite is no success.',
    'unchanged': 'No pixel differs after rounding to 8 bits: the budget is below one grey level, '
    'or the gradient was zero throughout.',
    'random_outputs': 'The model answered the same pixels differently when asked again: it is not '
    'deterministic, and what a query attack learned of it was partly noise. An attack with '
    'gradients does better on the mean of several answers (eot_apgd).',
    'no_motion': 'The clip has no motion that could be followed; its noise was the same in all '
    'frames.',
    'probabilities_detected': "The model's scores sum to one and were taken for probabilities.",
    'frames_missing': 'The file is shorter than it says of itself: it was cut off, and what was '
    'evaluated is its beginning, or its last frame over and over.',
    'scores_disagree': "The attack's own check and the test step see different classes or poses "
    'in one adversarial sample: the model is not deterministic, or the margin is within rounding.',
    'flat_objective': 'All answers were worth the same to the search, which learned nothing: only '
    'labels are shown, or the model is too sure.',
    'scores_unclear': "The model's scores are not negative but do not sum to one; they were taken "
    'for logits. Percentages, or the best classes alone, are none.',
    'start_not_target': 'The clip of the target class that the search was to start from is of '
    'another class to the model; it started from the clip itself.',
    'outside_threat': 'The search came from a clip of the target class and did not get inside the '
    'budget; the clip is unchanged.',
    'no_visible_joint': 'No joint of the sample is labelled (or, where the prediction is the '
    'reference, predicted), so that there was nothing to attack.',
    'no_annotation': 'The sample, or a person in it, has no annotation (a box of a detector that '
    'matches none): what the model predicts there clean is the reference, and no metric from '
    'annotations is given.',
    'flat_heatmap': "A heatmap, clean or attacked, is so nearly flat that MMPose's UDP decoder "
    'cannot refine the joint: its highest pixel is taken. MMPose itself ends there.',
    'members_skipped': 'Attacks of the preset were left out: its search by queries has one victim, '
    'which it asks about values within finite bounds, and FAB-T knows l_inf, l_2 and l_1 alone.',
    'budget_ended': 'The budget of the ensemble was spent before all its members had been tried.',
    'not_converged': 'The objective still grew in the last steps of a run that found nothing: more '
    'steps, or restarts, may find something. Try steps=100, or worst_case.',
    'success_lost': 'An iterate succeeded, and what was returned does not: rounding to 8 bits '
    'undid it, or the loop went on past it (early_stop=False). Try a loss with a margin, restarts, '
    'or early_stop=True.',
    'transfer_failed': 'The model that gave the gradients is fooled, the attacked one is not: that '
    'says little of the attacked one. Take gradients from it, or an attack made to transfer.',
    'weaker_than_noise': 'Noise broke what gradients had not: they led nowhere. Their model hides '
    'them, or the attack has a fault; trust no number of theirs.',
    'blackbox_beats_whitebox': 'A search by queries broke what gradients had not: the model hides '
    'its gradients. Give the search more queries, or attack the model without what hides them.',
    'unbounded_fails': 'Nothing was found though any value was allowed: the gradients are of no '
    'use, or the goal cannot be met. This is no sign of robustness; try a search by queries.',
    'unstable_loss': 'Neighbours within 4 grey levels differ by more than a tenth of the loss: '
    'gradients are no guide. Average them (SI, VMI), or search by queries.',
    'dynamic_victim': 'The model takes gradients of its own in a forward, so that it changes with '
    'what it is asked. Attack it as it answers, with a search by queries.',
    'joint_missing': 'A joint that the lifter needs is not labelled, so that the person has no '
    'pose in space and there was nothing to attack.',
}
# Flags of samples that no model could have right.
BARE = {'no_visible_joint': 'without a labelled joint', 'joint_missing': 'with a joint missing'}
