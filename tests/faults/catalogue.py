"""All faults by name, the most important first."""

from tests.faults.broker_faults import BrokerAway, ThreeBrokers
from tests.faults.disorder import Disorder
from tests.faults.folder_faults import StateFolder
from tests.faults.stall_faults import Stall
from tests.faults.topic_faults import Topics
from tests.faults.worker_faults import Churn, Freeze, KillLearn, KillScore, Upgrade

FAULTS = {
    one.name: one
    for one in (
        KillScore, KillLearn, Freeze, BrokerAway, Topics, Churn, StateFolder, Stall, Disorder, ThreeBrokers, Upgrade,
    )
}  # fmt: skip
