"""Settings are refused on entry, by name."""

import pytest

from mmrobust.engine.settings import RunSettings


@pytest.mark.parametrize('name', ['resume', 'strict'])
@pytest.mark.parametrize('value', [3, 0, None, 'yes'])
def test_what_is_on_or_off_is_true_or_false(name, value):
    with pytest.raises(ValueError, match=f'settings.{name} must be true or false, got {value!r}'):
        RunSettings.from_config({name: value})
    assert getattr(RunSettings.from_config({name: True}), name)
