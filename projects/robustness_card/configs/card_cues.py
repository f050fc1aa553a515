# Videos filmed again with one cue exchanged or taken away; nothing is attacked.
card = dict(
    corruptions=['action_swap', 'swap_frame', 'one_frame', 'background_only', 'person_only'],
    severities=[1],
    attacks=dict(),
)
