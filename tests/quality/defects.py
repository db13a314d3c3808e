"""All faults that are planted."""

from tests.quality.action_defects import ACTIONS
from tests.quality.bar_defects import BARS
from tests.quality.file_defects import FILES
from tests.quality.rate_defects import RATES

DEFECTS = [*BARS, *ACTIONS, *RATES, *FILES]
