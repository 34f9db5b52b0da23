"""Each alert is stored once, whichever server finds it, and agrees with the complete series."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.alerts.episodes import ChangeKind, episodes
from api.alerts.live_series import LiveSeries
from api.alerts.records import Alert, RuleInstance
from api.alerts.rules import RuleAction
from api.alerts.samples import Level, Sample
from api.alerts.selections import AlertNotFoundError, AlertQuery
from api.alerts.state_machine import AlertState, Evaluation, Patience
from api.alerts.store import AlertStore
from api.errors import ConflictError
from api.pages import Page
from api.storage.database import Database
from tests.api.alerts.recording import NOW_MS, at, evaluated, rule_instance, series

EVERYTHING = Page(limit=1000)
GOOD, WARNING, CRITICAL, NOTHING = 0.95, 0.85, 0.5, float("nan")
K = ChangeKind


@pytest.fixture
def store(database: Database) -> AlertStore:
    return AlertStore(database)


def advance(
    store: AlertStore, instance: RuleInstance, *values: float
) -> list[tuple[ChangeKind, int]]:
    changes = [it for it in evaluated(instance, series(*values)) if it.is_change]
    recorded = store.advance(instance, changes, at, NOW_MS)
    return [(each.change.kind, each.change.step) for each in recorded]


def reconcile(
    store: AlertStore, instance: RuleInstance, *values: float
) -> list[tuple[ChangeKind, int]]:
    found = episodes(evaluated(instance, series(*values)))
    recorded = store.reconcile(instance, found, at, NOW_MS)
    return [(each.change.kind, each.change.step) for each in recorded]


def stored_alerts(store: AlertStore, instance: RuleInstance) -> list[Alert]:
    """Oldest episode first."""
    found = store.listed(None, AlertQuery(run_id=instance.run_id), EVERYTHING).entries
    return sorted(found, key=lambda alert: alert.began_step)


def test_all_fields_of_an_alert_are_stored(store: AlertStore) -> None:
    instance = rule_instance()
    assert advance(store, instance, GOOD, CRITICAL) == [(K.FIRED, 2)]
    [alert] = stored_alerts(store, instance)
    assert store.find(alert.alert_id) == alert
    assert (alert.state, alert.level, alert.value) == (AlertState.FIRING, Level.CRITICAL, CRITICAL)
    assert (alert.began_step, alert.step, alert.epoch, alert.batch) == (2, 2, 0, 2)
    assert (alert.threshold, alert.support, alert.interval) == (0.9, None, None)
    assert (alert.recommendation, alert.action) == ("look", RuleAction.PAUSE)
    assert (alert.acknowledged_by, alert.note) == (None, "")


def test_a_non_finite_value_is_stored(store: AlertStore) -> None:
    instance = rule_instance()
    advance(store, instance, float("-inf"))
    assert stored_alerts(store, instance)[0].value == float("-inf")


def test_each_change_is_recorded_once(store: AlertStore) -> None:
    instance = rule_instance()
    values = [WARNING, CRITICAL, WARNING, GOOD, WARNING]
    expected = [(K.FIRED, 1), (K.RAISED, 2), (K.LOWERED, 3), (K.RESOLVED, 4), (K.FIRED, 5)]
    assert advance(store, instance, *values) == expected
    assert advance(store, instance, *values) == []
    assert reconcile(store, instance, *values) == []
    assert [alert.began_step for alert in stored_alerts(store, instance)] == [1, 5]
    lines = store.timeline(instance.run_id, EVERYTHING).entries
    assert [(it.change.kind, it.change.step) for it in reversed(lines)] == expected


def test_missed_changes_are_recorded_later(store: AlertStore) -> None:
    instance = rule_instance()
    advance(store, instance, WARNING)
    assert reconcile(store, instance, WARNING, CRITICAL, GOOD, WARNING) == [
        (K.RAISED, 2),
        (K.RESOLVED, 3),
        (K.FIRED, 4),
    ]


def test_a_withdrawn_alert_can_fire_again(store: AlertStore) -> None:
    instance = rule_instance()
    advance(store, instance, GOOD, WARNING)
    assert reconcile(store, instance, GOOD, GOOD) == [(K.WITHDRAWN, 2)]
    assert reconcile(store, instance, GOOD, GOOD) == []
    assert store.worst_open(instance.run_id) is None
    assert reconcile(store, instance, GOOD, WARNING) == [(K.FIRED, 2)]
    [alert] = stored_alerts(store, instance)
    assert alert.state is AlertState.FIRING


def test_an_alert_that_several_servers_find_at_once_is_recorded_once(store: AlertStore) -> None:
    instance = rule_instance()
    with ThreadPoolExecutor(8) as servers:
        advanced = [servers.submit(advance, store, instance, GOOD, WARNING) for _ in range(6)]
        reconciled = [servers.submit(reconcile, store, instance, GOOD, WARNING) for _ in range(6)]
        recorded = [change for each in (*advanced, *reconciled) for change in each.result(60)]
    assert recorded == [(K.FIRED, 2)]
    assert len(stored_alerts(store, instance)) == 1


def test_an_alert_is_acknowledged_once_per_level(store: AlertStore) -> None:
    instance = rule_instance()
    advance(store, instance, WARNING)
    [alert] = stored_alerts(store, instance)
    recorded = store.acknowledge(alert.alert_id, "dr.b", "seen it", NOW_MS + 5)
    assert (recorded.change.kind, recorded.change.who, recorded.change.note) == (
        K.ACKNOWLEDGED,
        "dr.b",
        "seen it",
    )
    [acknowledged] = stored_alerts(store, instance)
    assert (acknowledged.acknowledged_by, acknowledged.acknowledged_ms) == ("dr.b", NOW_MS + 5)
    with pytest.raises(ConflictError, match=r"before, by dr\.b"):
        store.acknowledge(alert.alert_id, "dr.c", "", NOW_MS + 6)
    with pytest.raises(AlertNotFoundError):
        store.acknowledge("nothing", "dr.c", "", NOW_MS)
    with pytest.raises(AlertNotFoundError):
        store.find("nothing")
    advance(store, instance, WARNING, CRITICAL)
    assert stored_alerts(store, instance)[0].acknowledged_by is None, (
        "the higher level is not acknowledged"
    )
    store.acknowledge(alert.alert_id, "dr.c", "", NOW_MS + 7)
    advance(store, instance, WARNING, CRITICAL, WARNING)
    assert stored_alerts(store, instance)[0].acknowledged_by == "dr.c"


def test_the_action_of_a_rule_is_recorded(store: AlertStore) -> None:
    instance = rule_instance()
    advance(store, instance, WARNING)
    [alert] = stored_alerts(store, instance)
    assert not store.has_acted(alert.alert_id)
    store.acted(alert.alert_id, "Sent the command pause to the run", NOW_MS)
    assert store.has_acted(alert.alert_id)
    newest = store.timeline(instance.run_id, Page(limit=1)).entries[0].change
    assert (newest.kind, newest.who) == (K.ACTED, "rule RAO")


def test_unpublished_changes_are_found_until_they_are_marked(store: AlertStore) -> None:
    instance = rule_instance()
    advance(store, instance, WARNING, CRITICAL)
    assert store.unpublished(NOW_MS) == [], "it is being published"
    unpublished = [it for it in store.unpublished(NOW_MS + 1) if it.alert.run_id == instance.run_id]
    assert [it.change.kind for it in unpublished] == [K.FIRED, K.RAISED]
    store.mark_published([it.change.id for it in unpublished])
    assert not [it for it in store.unpublished(NOW_MS + 1) if it.alert.run_id == instance.run_id]


def test_lists_are_filtered_and_paged(store: AlertStore) -> None:
    one, other = rule_instance(), rule_instance("RVO")
    advance(store, one, WARNING, GOOD, CRITICAL)
    advance(store, other, WARNING)
    store.acknowledge(stored_alerts(store, other)[0].alert_id, "dr.b", "", NOW_MS)

    def number(**wanted: object) -> int:
        query = AlertQuery(**wanted)  # type: ignore[arg-type]
        return store.listed(None, query, Page(limit=1)).total

    assert number() == 3
    assert number(run_id=one.run_id) == 2
    assert number(rule="RVO") == 1
    assert number(state=AlertState.FIRING) == 2
    assert number(level=Level.CRITICAL) == 1
    assert number(is_acknowledged=True) == 1
    assert number(is_acknowledged=False) == 2
    assert store.listed("radiology", AlertQuery(), EVERYTHING).entries == []
    pages = [store.listed(None, AlertQuery(), Page(limit=1, offset=n)).entries for n in range(4)]
    assert len({alert.alert_id for page in pages for alert in page}) == 3
    assert store.worst_open(one.run_id) is Level.CRITICAL
    assert store.worst_open(other.run_id) is Level.WARNING


POINT = st.tuples(
    st.integers(1, 12), st.sampled_from([GOOD, WARNING, CRITICAL, NOTHING]), st.booleans()
)
"""A step, a value, and whether the server is killed before it evaluates the point."""


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    points=st.lists(POINT, max_size=25),
    patience=st.builds(Patience, to_fire=st.integers(1, 3), to_clear=st.integers(1, 3)),
)
def test_the_record_agrees_with_the_complete_series_whatever_the_order_and_crashes(
    store: AlertStore, points: list[tuple[int, float, bool]], patience: Patience
) -> None:
    instance = rule_instance(patience=patience)
    logged: dict[int, Sample] = {}
    live = LiveSeries(instance)
    for step, value, crashes in points:
        logged[step] = Sample(step=step, value=value, timestamp_ms=0)
        if crashes:
            live = LiveSeries(instance)
        elif (changes := live.apply([logged[step]])) is not None:
            store.advance(instance, changes, at, NOW_MS)
        else:
            changes = live.restart(evaluate_all_points(store, instance, logged))
            assert changes == [], "the store had all points"
    # A server that starts evaluates all series that may have been missed.
    evaluate_all_points(store, instance, logged)

    expected = episodes(evaluated(instance, ordered(logged)))
    assert [
        (alert.began_step, alert.state, alert.level) for alert in not_withdrawn(store, instance)
    ] == [(episode.began_step, episode.state, episode.level) for episode in expected]


def evaluate_all_points(
    store: AlertStore, instance: RuleInstance, logged: dict[int, Sample]
) -> list[Evaluation]:
    evaluations = evaluated(instance, ordered(logged))
    store.reconcile(instance, episodes(evaluations), at, NOW_MS)
    return evaluations


def ordered(logged: dict[int, Sample]) -> list[Sample]:
    return [logged[step] for step in sorted(logged)]


def not_withdrawn(store: AlertStore, instance: RuleInstance) -> list[Alert]:
    lines = store.timeline(instance.run_id, EVERYTHING).entries
    newest: dict[str, ChangeKind] = {}
    for it in lines:
        newest.setdefault(it.change.alert_id, it.change.kind)
    return [
        alert
        for alert in stored_alerts(store, instance)
        if newest[alert.alert_id] is not ChangeKind.WITHDRAWN
    ]
