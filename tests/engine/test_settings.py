"""Settings are refused on entry, by name."""

import pytest

from mmrobust.engine.settings import RunSettings


@pytest.mark.parametrize('name', ['resume', 'strict'])
@pytest.mark.parametrize('value', [3, 0, None, 'yes'])
def test_what_is_on_or_off_is_true_or_false(name, value):
    with pytest.raises(ValueError, match=f'settings.{name} must be true or false, got {value!r}'):
        RunSettings.from_config({name: value})
    assert getattr(RunSettings.from_config({name: True}), name)


@pytest.mark.parametrize('value', [0, -1.0, float('inf'), float('nan'), 'much'])
def test_differences_are_amplified_by_a_number_above_0(value):
    with pytest.raises(ValueError, match='settings.amplify must be a finite number above 0'):
        RunSettings.from_config({'amplify': value})
    assert RunSettings.from_config({'amplify': 2}).amplify == 2
