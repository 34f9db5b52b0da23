"""Instructions reach the loop once, in order, and their answers are repeated until they are stored."""

import threading

import pytest

from tracking_plugin import instruction_inbox
from tracking_plugin.control_messages import (
    MAX_ANSWERS,
    MAX_MESSAGE_CHARS,
    Instruction,
    InstructionResult,
    Observed,
    Report,
)
from tracking_plugin.instruction_inbox import InstructionInbox
from tracking_plugin.instruction_names import (
    ArgumentsError,
    check_arguments,
    checked_names,
    prompts_of,
)

TRAINING = Report(observed=Observed.TRAINING, number=1)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instruction_inbox, "TAKE_TIMEOUT_S", 0.05)


@pytest.fixture
def inbox() -> InstructionInbox:
    inbox = InstructionInbox()
    inbox.understand(["rest"])
    return inbox


def listed(*numbers: int, taken: bool = False) -> list[Instruction]:
    return [Instruction(id=number, name="rest", taken=taken) for number in numbers]


def report(inbox: InstructionInbox) -> Report:
    return inbox.added_to(TRAINING)


def ids(inbox: InstructionInbox) -> list[int]:
    return [each.id for each in inbox.take(3)]


def test_a_loop_that_understands_nothing_adds_nothing_to_its_reports() -> None:
    assert InstructionInbox().added_to(TRAINING) == TRAINING


def test_an_instruction_is_given_once_and_only_when_the_server_has_stored_that(
    inbox: InstructionInbox,
) -> None:
    inbox.on_list(listed(7, 5))
    assert ids(inbox) == []
    assert report(inbox).taken == [5, 7]
    inbox.on_list(listed(5, 7))
    assert ids(inbox) == [], "an older list"
    inbox.on_list(listed(5, 7, taken=True))
    assert report(inbox).taken == []
    assert ids(inbox) == [5, 7]
    inbox.on_list(listed(5, 7, taken=True))
    assert ids(inbox) == [], "as after a reconnect"


def test_a_loop_waits_a_moment_for_the_server(
    inbox: InstructionInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instruction_inbox, "TAKE_TIMEOUT_S", 60)
    stored = threading.Thread(target=lambda: inbox.on_list(listed(1, taken=True)))
    inbox.on_list(listed(1))
    inbox.send = stored.start
    assert ids(inbox) == [1]
    stored.join()


def test_a_loop_waits_no_longer_for_an_instruction_that_another_program_has_taken(
    inbox: InstructionInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instruction_inbox, "TAKE_TIMEOUT_S", 60)
    gone = threading.Thread(target=lambda: inbox.on_list([]))
    inbox.on_list(listed(1))
    inbox.send = gone.start
    assert ids(inbox) == []
    gone.join()


def test_the_first_answer_is_repeated_until_the_server_lists_the_instruction_no_more(
    inbox: InstructionInbox,
) -> None:
    inbox.on_list(listed(1, 2, taken=True))
    first, second = inbox.take(3)
    first.done("a\nb\ud800" + "x" * 2000)
    first.refuse("no")
    second.refuse("late", step=9)
    for _ in range(2):
        one, two = report(inbox).answers
        assert (one.result, one.step) == (InstructionResult.DONE, 3)
        assert one.message.startswith("a bx")
        assert len(one.message) == MAX_MESSAGE_CHARS
        assert (two.result, two.step, two.message) == (InstructionResult.REFUSED, 9, "late")
    inbox.on_list(listed(2, taken=True))
    assert [answer.id for answer in report(inbox).answers] == [2]
    assert not inbox.is_settled
    inbox.on_list([])
    assert (report(inbox).answers, inbox.is_settled) == ([], True)


def test_many_answers_are_sent_in_parts(inbox: InstructionInbox) -> None:
    numbers = list(range(1, 2 * MAX_ANSWERS + 2))
    inbox.on_list(listed(*numbers, taken=True))
    for each in inbox.take(0):
        each.done()
    num_sent = 0

    def send() -> None:
        nonlocal num_sent
        num_sent += 1

    inbox.send = send
    while answers := report(inbox).answers:
        assert len(answers) <= MAX_ANSWERS
        numbers = [number for number in numbers if number not in {each.id for each in answers}]
        inbox.on_list(listed(*numbers, taken=True))
    assert (numbers, num_sent) == ([], 2), "the link sends the next part at once"
    inbox.on_list([])
    assert num_sent == 2


def test_a_loop_that_ends_takes_no_more_and_refuses_what_it_was_not_given(
    inbox: InstructionInbox,
) -> None:
    inbox.on_list(listed(1))
    assert ids(inbox) == []
    inbox.on_list([*listed(1, taken=True), *listed(2)])
    inbox.close()
    assert report(inbox).taken == []
    [refusal] = report(inbox).answers
    assert (refusal.id, refusal.result) == (1, InstructionResult.REFUSED)


@pytest.mark.parametrize("step", [None, -1, 2**53 + 1])
def test_a_step_that_no_message_can_carry_is_left_out(
    inbox: InstructionInbox, step: int | None
) -> None:
    inbox.on_list(listed(1, taken=True))
    inbox.take(step)[0].done()
    assert report(inbox).answers[0].step is None


@pytest.mark.parametrize("name", ["", "Rest", "a b", "1a", "a\n", "a" * 65, "é", "pause", "stop"])
def test_a_name_that_no_instruction_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of an instruction"):
        checked_names([name])


def test_a_program_understands_a_bounded_number_of_names() -> None:
    assert checked_names(["b", "a", "b"]) == ["b", "a"]
    with pytest.raises(ValueError, match="may understand 32 instructions, but 33 came"):
        checked_names([f"n{number}" for number in range(33)])


def test_a_loop_learns_at_no_cost_whether_there_is_anything_to_take(
    inbox: InstructionInbox,
) -> None:
    found = [inbox.has_any]
    inbox.on_list(listed(1))
    found.append(inbox.has_any)
    assert ids(inbox) == []
    found.append(inbox.has_any)
    inbox.on_list(listed(1, taken=True))
    found.append(inbox.has_any)
    assert ids(inbox) == [1]
    found.append(inbox.has_any)
    assert found == [False, True, False, True, False], "False while the server has not answered"


def test_prompts_have_their_order_and_may_have_gaps() -> None:
    prompts = {"prompt_10": "c", "prompt_1": "a", "prompt_2": None, "prompt_3": "b"}
    assert prompts_of(prompts) == ["a", "b", "c"]


def test_arguments_that_do_not_fit_are_named() -> None:
    check_arguments("skip_trial", {"trial": 0})
    check_arguments("extend_budget", {"seconds": 5})
    check_arguments("sample_now", {"anything": "goes"})
    check_arguments("save_now", {})
    check_arguments("set_learning_rate", {"value": 1})
    check_arguments("set_prompts", {"prompt_1": "a", "prompt_2": None, "prompt_16": "b"})
    refused: list[tuple[str, dict[str, object], str]] = [
        ("save_now", {"step": 3}, "unknown field `step`"),
        ("set_learning_rate", {"value": 0}, "> 0.0"),
        ("set_learning_rate", {"value": 10}, "< 10.0"),
        ("set_learning_rate", {"value": True}, "got `bool`"),
        ("set_prompts", {"prompt_2": "a"}, "missing required field `prompt_1`"),
        ("set_prompts", {"prompt_1": ""}, "length >= 1"),
        ("set_prompts", {"prompt_1": "a" * 1001}, "length <= 1000"),
        ("set_prompts", {"prompt_1": "a", "prompt_17": "b"}, "unknown field `prompt_17`"),
    ]
    for name, arguments, expected in refused:
        with pytest.raises(ArgumentsError, match=f"{name}: .*{expected}"):
            check_arguments(name, arguments)
    with pytest.raises(ArgumentsError, match=r"skip_trial: .*`trial`"):
        check_arguments("skip_trial", {})
